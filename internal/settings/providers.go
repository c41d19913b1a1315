package settings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
	"github.com/headwater/headwater/internal/connector/reference"
)

const providerClasses = "org.apache.kafka.common.config.provider."

var secretTable = []field{
	{Row: row{
		Name: "config.providers", Type: property.List, Group: groupSecrets,
		Doc: "Names of config providers, separated by commas. `${name:path:key}` in a connector's or the worker's own property is then replaced.",
	}, Set: property.Text(func(d *draft) *string { return &d.providers })},
	{Row: row{
		Name: "config.providers.<name>.class", Group: groupSecrets, Choices: providerKinds,
		Doc: "Kind of that provider. Absent: by the name, when that is `file`, `env` or `directory`.",
	}},
	{Row: row{
		Name: "config.providers.<name>.param.allowed.paths", Type: property.List, Group: groupSecrets,
		Doc: "Files and directories that file and directory providers may read, separated by commas. They read nothing without it.",
	}},
	{Row: row{
		Name: "config.providers.<name>.param.allowlist.pattern", Group: groupSecrets, Valid: "a regular expression for whole names",
		Doc: "Variables that an environment provider may read. Absent: all, with a warning.",
	}},
}

// providerKinds stand in the order of reference.Kind.
var providerKinds = choices{
	{Name: providerClasses + "FileConfigProvider"},
	{Name: providerClasses + "EnvVarConfigProvider"},
	{Name: providerClasses + "DirectoryConfigProvider"},
}

// ParseProviders reads config.providers and what belongs to it alone, so that references in the other properties can be
// resolved before Parse sees them.
func ParseProviders(properties map[string]string) ([]reference.Provider, error) {
	r := property.NewReader(properties, properties)
	providers := readProviders(r)
	_, err := r.Finish()
	return providers, err
}

func readProviders(r *property.Reader) []reference.Provider {
	d := draft{}
	property.Apply(r, "", secretTable[:1], &d)
	var providers []reference.Provider
	for name := range strings.SplitSeq(d.providers, ",") {
		if name = strings.TrimSpace(name); name != "" {
			providers = append(providers, readProvider(r, name))
		}
	}
	warnUnnamed(r, providers)
	return providers
}

// warnUnnamed finds properties of providers that config.providers leaves out.
func warnUnnamed(r *property.Reader, providers []reference.Provider) {
	for _, name := range r.Unclaimed() {
		rest, ok := strings.CutPrefix(name, "config.providers.")
		alias, _, _ := strings.Cut(rest, ".")
		if !ok || slices.ContainsFunc(providers, func(p reference.Provider) bool { return p.Name == alias }) {
			continue
		}
		r.Claim(name, row{})
		r.Warn(name, property.Problem{
			Text: "belongs to a provider that config.providers does not name", Hint: "add " + alias + " to config.providers",
		})
	}
}

var providerName = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

func readProvider(r *property.Reader, name string) reference.Provider {
	p := reference.Provider{Name: name}
	if !providerName.MatchString(name) {
		r.Reject("config.providers", property.Problem{Text: "has a name that is not usable", Hint: "write letters, digits, _ and -"})
		return p
	}
	prefix := "config.providers." + name + "."
	var paths string
	property.Apply(r, prefix, []property.Field[reference.Provider]{
		{Row: row{Name: "class", Choices: providerKinds, Default: classOf(name), Required: classOf(name) == ""}, Set: property.Pick(func(p *reference.Provider) *reference.Kind { return &p.Kind })},
		{Row: row{Name: "param.allowed.paths", Aliases: []string{"allowed.paths"}}, Set: func(_ *reference.Provider, v property.Value) error { paths = v.Text; return nil }},
		{Row: row{Name: "param.allowlist.pattern", Aliases: []string{"allowlist.pattern"}}, Set: setPattern},
	}, &p)
	if r.Faulty(prefix + "class") {
		return p
	}
	p.Paths = splitPaths(paths)
	checkProvider(r, prefix, p)
	return p
}

// classOf spares naming the class when the provider's name says it.
func classOf(name string) string {
	switch name {
	case "file":
		return providerKinds[reference.File].Name
	case "env":
		return providerKinds[reference.Environment].Name
	case "directory":
		return providerKinds[reference.Directory].Name
	}
	return ""
}

func setPattern(p *reference.Provider, v property.Value) error {
	if _, err := regexp.Compile(v.Text); err != nil {
		return property.Problem{Text: "is not a regular expression", Detail: err.Error(), Hint: "write one as HEADWATER_.*; it must match the whole name"}
	}
	p.Names = v.Text
	return nil
}

func splitPaths(text string) []string {
	var paths []string
	for path := range strings.SplitSeq(text, ",") {
		if path = strings.TrimSpace(path); path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

func checkProvider(r *property.Reader, prefix string, p reference.Provider) {
	if p.Kind == reference.Environment {
		if p.Names == "" && !r.Faulty(prefix+"param.allowlist.pattern") {
			r.Warn(prefix+"param.allowlist.pattern", property.Problem{
				Text: "is absent: connectors can read every environment variable of the worker", Hint: "set it to a pattern, as HEADWATER_.*",
			})
		}
		return
	}
	if len(p.Paths) == 0 {
		r.Reject(prefix+"param.allowed.paths", property.Problem{
			Text: "is required: connectors could read any file of the worker", Hint: "name the directories with secrets, as /etc/headwater/secrets",
		})
	}
	for _, path := range p.Paths {
		if !strings.HasPrefix(path, "/") {
			r.Reject(prefix+"param.allowed.paths", property.Problem{
				Text: "has a path that is not absolute", Detail: fmt.Sprintf("%q", path), Hint: "begin each path with /",
			})
		}
	}
}
