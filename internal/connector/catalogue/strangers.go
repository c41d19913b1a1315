package catalogue

import (
	"fmt"
	"maps"
	"slices"

	"github.com/headwater/headwater/internal/connector/property"
)

// suggestions bounds the work for a document that has nothing to do with a connector.
const suggestions = 50

// ClaimRest deals with every property that no table has asked for by name: those that a pattern knows, those of APIs
// beyond apis, and those that nothing knows.
func (c Catalogue) ClaimRest(r *property.Reader, apis, most int) {
	beyond := map[int]bool{}
	unknown := 0
	for _, name := range r.Unclaimed() {
		n, _, isAPI := APIName(name)
		row, known := c.Find(name)
		switch {
		case isAPI && n > apis:
			beyond[n] = true
		case known:
			r.Claim(name, row)
		default:
			unknown++
			c.warnUnknown(r, name, unknown <= suggestions)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(beyond)) {
		r.Warn(fmt.Sprintf("api%d.*", n), property.Problem{
			Text: fmt.Sprintf("is not used: apis.num is %d", apis),
			Hint: fmt.Sprintf("remove it, or raise apis.num to %d; at most %d APIs are possible", n, most),
		})
	}
}

func (c Catalogue) warnUnknown(r *property.Reader, name string, suggest bool) {
	p := property.Problem{Text: "is not known and is not used", Hint: "see the reference page of the properties"}
	if suggest {
		if near := c.Nearest(name); near != "" {
			p.Hint = "did you mean " + near + "?"
		}
	}
	r.Warn(name, p)
}
