// Package family says which API is whose child: it reads api.chaining.parent.child.relationship, finds what is wrong with
// it, and answers questions about the tree that it makes.
package family

import (
	"fmt"
	"slices"
	"strings"
)

// Chain is one pair of the property: the numbers of a parent API and of a child API.
type Chain struct{ Parent, Child int }

// String writes the pair as the property takes it.
func (c Chain) String() string { return fmt.Sprintf("api%d::api%d", c.Parent, c.Child) }

// Children returns the numbers of an API's children in the order in which they were written.
func Children(chains []Chain, api int) []int {
	var children []int
	for _, c := range chains {
		if c.Parent == api {
			children = append(children, c.Child)
		}
	}
	return children
}

// Parents returns the numbers of an API's parents in the order in which they were written.
func Parents(chains []Chain, api int) []int {
	var parents []int
	for _, c := range chains {
		if c.Child == api {
			parents = append(parents, c.Parent)
		}
	}
	return parents
}

// Depth is the length of the longest way from a root down to an API: 0 for an API without parents. It ends even where
// chains turn in a circle, which Parse refuses.
func Depth(chains []Chain, api int) int {
	depths := map[int]int{}
	for range chains {
		moved := false
		for _, c := range chains {
			if d := depths[c.Parent] + 1; d > depths[c.Child] {
				depths[c.Child], moved = d, true
			}
		}
		if !moved {
			break
		}
	}
	return depths[api]
}

// cycle returns a way that leads back to where it began, as 1, 2, 1; nil when there is none.
func cycle(chains []Chain) []int {
	done := map[int]bool{}
	for _, c := range chains {
		if way := circle(chains, []int{c.Parent}, done); way != nil {
			return way
		}
	}
	return nil
}

// circle goes on from the last step of way. done are the APIs from which no way leads back.
func circle(chains []Chain, way []int, done map[int]bool) []int {
	last := way[len(way)-1]
	if at := slices.Index(way, last); at < len(way)-1 {
		return way[at:]
	}
	if done[last] {
		return nil
	}
	for _, child := range Children(chains, last) {
		if found := circle(chains, append(way, child), done); found != nil {
			return found
		}
	}
	done[last] = true
	return nil
}

func written(way []int) string {
	names := make([]string, len(way))
	for i, n := range way {
		names[i] = fmt.Sprintf("api%d", n)
	}
	return strings.Join(names, "::")
}
