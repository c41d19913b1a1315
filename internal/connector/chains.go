package connector

import (
	"github.com/headwater/headwater/internal/connector/family"
	"github.com/headwater/headwater/internal/connector/property"
)

const chainsProperty = "api.chaining.parent.child.relationship"

// Chain is one pair of api.chaining.parent.child.relationship: the numbers of a parent API and of a child API.
type Chain = family.Chain

// Chained reports whether any API has a child.
func (c Config) Chained() bool { return len(c.Chains) > 0 }

// Children returns the numbers of an API's children in the order written; none: it is no parent.
func (c Config) Children(api int) []int { return family.Children(c.Chains, api) }

// Parents returns the numbers of an API's parents in the order written; none: it is a root, or not chained at all.
func (c Config) Parents(api int) []int { return family.Parents(c.Chains, api) }

// Depth is how far down an API stands, by the longest way: 0 for one without parents.
func (c Config) Depth(api int) int { return family.Depth(c.Chains, api) }

// checkChains reads the pairs once the number of APIs is known.
func checkChains(r *property.Reader, d *draft) {
	apis := d.apisNum
	if r.Faulty("apis.num") {
		apis = 0
	}
	chains, problems := family.Parse(d.chains, apis)
	for _, p := range problems {
		r.Reject(chainsProperty, p)
	}
	d.Chains = chains
}
