package property

import (
	"fmt"
	"strings"
)

// Markdown renders rows as one table for each group, groups and rows in the order in which they come. prefix goes before
// every name.
func Markdown(prefix string, rows []Row) string {
	var groups []string
	tables := map[string]*strings.Builder{}
	for _, r := range rows {
		if tables[r.Group] == nil {
			groups = append(groups, r.Group)
			tables[r.Group] = new(strings.Builder)
		}
		tables[r.Group].WriteString(r.markdown(prefix))
	}
	var b strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n| Property | Type | Default | Valid values | Importance | Status | Meaning |\n", g)
		b.WriteString("|---|---|---|---|---|---|---|\n" + tables[g].String())
	}
	return b.String()
}

func (r Row) markdown(prefix string) string {
	cells := []string{
		code(prefix + r.Name), r.Type.String(), r.defaultCell(), cell(r.Expects()), r.Importance.String(), r.Status.String(),
		cell(r.meaning(prefix)),
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func (r Row) defaultCell() string {
	switch {
	case r.Required:
		return "required"
	case r.Default == "":
		return ""
	}
	return code(r.Default)
}

func (r Row) meaning(prefix string) string {
	parts := []string{r.Doc}
	if r.Needs != "" {
		parts = append(parts, "Only with `"+r.Needs+"`.")
	}
	if len(r.Aliases) > 0 {
		parts = append(parts, "Also: `"+prefix+strings.Join(r.Aliases, "`, `"+prefix)+"`.")
	}
	for _, c := range r.Choices {
		if c.NotYet != "" {
			parts = append(parts, fmt.Sprintf("`%s` is not supported yet: %s.", c.Name, c.NotYet))
		}
	}
	if r.Why != "" {
		parts = append(parts, strings.ToUpper(r.Why[:1])+r.Why[1:]+".")
	}
	return strings.Join(parts, " ")
}

func code(s string) string { return "`" + cell(s) + "`" }

// cell makes text safe within a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
