// Package sampleapi is a small REST API with real data, for demonstrations and tests: every clock change of 154 time
// zones from 1990 to 2037, out of the IANA time zone database, which Go carries. It pages by cursor, by position and by
// time, and can publish its last records one after the other.
package sampleapi

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // so that machines without a time zone database have the data too
)

//go:embed zones.txt
var zoneList string

// Zone is a time zone.
type Zone struct {
	ID      string `json:"id"`      // Europe~Berlin: the name, fit for a path
	Name    string `json:"name"`    // Europe/Berlin
	Country string `json:"country"` // ISO 3166 code of the first country that keeps this time
	Changes int    `json:"changes"` // transitions between 1990 and 2037
}

// Region is a part of the world.
type Region struct {
	ID    string `json:"id"`    // Europe: what its zones' names begin with
	Zones int    `json:"zones"` // how many
}

// Transition is a moment at which a zone's clocks were, or will be, set.
type Transition struct {
	ID           int       `json:"id"` // 1, 2, 3, ... in the order of time, then of zone names
	Zone         string    `json:"zone"`
	Time         time.Time `json:"time"`
	OffsetBefore int       `json:"offset_before"` // seconds east of UTC
	OffsetAfter  int       `json:"offset_after"`  // seconds east of UTC
	Abbreviation string    `json:"abbreviation"`  // from then on, such as CEST
	DST          bool      `json:"dst"`           // daylight saving time from then on
}

// Data is what the API holds once everything is published: regions and zones by name, transitions by time.
type Data struct {
	Regions     []Region
	Zones       []Zone
	Transitions []Transition
}

// The span of the transitions: from the first instant up to, and without, the second.
var (
	first = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Load reads the zones out of the machine's time zone database or, where there is none, Go's own. Databases of different
// years differ in a few dozen transitions.
func Load() (*Data, error) {
	var d Data
	for line := range strings.Lines(zoneList) {
		country, name, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || country == "#" {
			continue
		}
		if err := d.add(country, name); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(d.Transitions, func(a, b Transition) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Zone, b.Zone))
	})
	for i := range d.Transitions {
		d.Transitions[i].ID = i + 1
	}
	d.Regions = regions(d.Zones)
	return &d, nil
}

func regions(zones []Zone) []Region {
	number := map[string]int{}
	for _, z := range zones {
		number[regionOf(z)]++
	}
	list := make([]Region, 0, len(number))
	for _, id := range slices.Sorted(maps.Keys(number)) {
		list = append(list, Region{ID: id, Zones: number[id]})
	}
	return list
}

func regionOf(z Zone) string {
	region, _, _ := strings.Cut(z.Name, "/")
	return region
}

func (d *Data) add(country, name string) error {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return fmt.Errorf("load time zone %s: %w", name, err)
	}
	changes := transitions(loc)
	d.Zones = append(d.Zones, Zone{
		ID: strings.ReplaceAll(name, "/", "~"), Name: name, Country: country, Changes: len(changes),
	})
	d.Transitions = append(d.Transitions, changes...)
	return nil
}

// transitions lists loc's clock changes in the span. A change of the abbreviation alone counts too.
func transitions(loc *time.Location) []Transition {
	var list []Transition
	for at := first; ; {
		_, next := at.In(loc).ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			return list
		}
		_, before := at.In(loc).Zone()
		abbreviation, after := next.In(loc).Zone()
		list = append(list, Transition{
			Zone: loc.String(), Time: next.UTC(), OffsetBefore: before, OffsetAfter: after,
			Abbreviation: abbreviation, DST: next.In(loc).IsDST(),
		})
		at = next
	}
}
