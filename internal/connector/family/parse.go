package family

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

const wayToWrite = "write pairs of a parent and a child, separated by commas, as api1::api2,api1::api3"

// Parse reads api.chaining.parent.child.relationship for a connector with so many APIs; apis 0: nobody knows how many.
// Blanks do not count, nor does an empty entry. It returns the pairs that are sound, in the order in which they stand, and
// what is wrong with the others.
func Parse(text string, apis int) ([]Chain, []property.Problem) {
	var chains []Chain
	var problems []property.Problem
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		c, problem := pair(entry, apis)
		if problem == nil && slices.Contains(chains, c) {
			problem = &property.Problem{Text: "has the same pair twice", Detail: strconv.Quote(entry), Hint: "remove one of the two"}
		}
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		chains = append(chains, c)
	}
	if way := cycle(chains); way != nil {
		return nil, append(problems, property.Problem{
			Text: "has a cycle: an API would be its own descendant", Detail: written(way), Hint: "take out one of these pairs",
		})
	}
	return chains, problems
}

// pair reads one entry.
func pair(entry string, apis int) (Chain, *property.Problem) {
	names := strings.Split(entry, "::")
	if len(names) != 2 || strings.Contains(names[0]+names[1], ":") {
		return Chain{}, malformed(entry)
	}
	var c Chain
	for i, n := range []*int{&c.Parent, &c.Child} {
		var ok bool
		if *n, ok = number(strings.TrimSpace(names[i])); !ok {
			return c, &property.Problem{Text: "names something that is no API", Detail: strconv.Quote(entry), Hint: wayToWrite}
		}
	}
	most := max(c.Parent, c.Child)
	switch {
	case c.Parent == c.Child:
		return c, &property.Problem{
			Text: "has an API that is its own parent", Detail: strconv.Quote(entry), Hint: "name another API as its parent",
		}
	case apis > 0 && most > apis:
		return c, &property.Problem{
			Text: fmt.Sprintf("names an API that is not there: apis.num is %d", apis), Detail: strconv.Quote(entry),
			Hint: fmt.Sprintf("name another, or raise apis.num and add the properties of api%d", most),
		}
	}
	return c, nil
}

func malformed(entry string) *property.Problem {
	p := &property.Problem{Text: "has an entry that is no pair of a parent and a child", Detail: strconv.Quote(entry), Hint: wayToWrite}
	switch names := strings.Split(strings.ReplaceAll(entry, "::", ":"), ":"); {
	case len(names) == 2 && !strings.Contains(entry, "::"):
		p.Hint = "write :: between the two, as " + strings.TrimSpace(names[0]) + "::" + strings.TrimSpace(names[1])
	case len(names) > 2:
		p.Hint = "write pairs, one for each level, with commas between them, as api1::api2,api2::api3"
	}
	return p
}

// number reads apiN.
func number(name string) (int, bool) {
	digits, isAPI := strings.CutPrefix(name, "api")
	n, err := strconv.Atoi(digits)
	return n, isAPI && err == nil && n > 0 && strconv.Itoa(n) == digits
}
