package connector_test

import (
	"slices"
	"testing"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

func TestTablesAreWellFormed(t *testing.T) {
	for _, rows := range [][]property.Row{connector.Properties(), connector.APIProperties()} {
		var seen []string
		for _, r := range rows {
			for _, name := range append([]string{r.Name}, r.Aliases...) {
				if slices.Contains(seen, name) {
					t.Errorf("%s stands twice", name)
				}
				seen = append(seen, name)
			}
			if r.Doc == "" || r.Group == "" {
				t.Errorf("%s has no documentation or group", r.Name)
			}
			if (r.Status == property.Accepted || r.Status == property.NotYet) != (r.Why != "") {
				t.Errorf("%s: a reason belongs to what is not supported, and to nothing else", r.Name)
			}
		}
	}
}

// Every property of the product's page has a row.
func TestTablesKnowTheProductsProperties(t *testing.T) {
	_, warnings, _ := connector.Parse(properties(productProperties))
	for _, w := range warnings {
		if w.Problem == "is not known and is not used" {
			t.Error(w)
		}
	}
}
