package property

import "strings"

const (
	// slack is how many letters of a short name may be wrong.
	slack = 2
	// longest is well above any property's name; comparing goes by the square of it.
	longest = 128
)

// Nearest returns the candidate that name was most likely meant to be, or "" when none is near: more than a third of the
// letters would have to change.
func Nearest(name string, candidates []string) string {
	if len(name) > longest {
		return ""
	}
	best, least := "", max(slack, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is how far b is from a: the letters to change, or whole segments of a dotted name to add or leave out at half
// the price of their letters, whichever is less.
func distance(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	bySegments := edits(len(as), len(bs),
		func(i int) int { return half(as[i]) }, func(j int) int { return half(bs[j]) },
		func(i, j int) int { return letters(as[i], bs[j]) })
	return min(letters(a, b), bySegments)
}

func half(segment string) int { return max(slack, len(segment)/2) }

func letters(a, b string) int {
	one := func(int) int { return 1 }
	return edits(len(a), len(b), one, one, func(i, j int) int {
		if a[i] == b[j] {
			return 0
		}
		return 1
	})
}

// edits is the least cost of making one sequence of n into one of m (Levenshtein), by what it costs to leave an element
// out, to add one and to put one in another's place.
func edits(n, m int, drop, add func(int) int, swap func(i, j int) int) int {
	row := make([]int, m+1)
	for j := range m {
		row[j+1] = row[j] + add(j)
	}
	for i := range n {
		diagonal := row[0]
		row[0] += drop(i)
		for j := range m {
			next := min(row[j]+add(j), row[j+1]+drop(i), diagonal+swap(i, j))
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[m]
}
