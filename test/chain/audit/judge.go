package audit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Report is the verdict on what was read.
type Report struct {
	Items, Records                         int // that were to be there
	Lost, Doubled, Wrong, Orphaned, Errors int
	// Back counts progress that went back, Odd what was not to be there at all.
	Back, Odd int
	Findings  []string // the first few of each kind
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool {
	return r.Lost+r.Doubled+r.Wrong+r.Orphaned+r.Errors+r.Back+r.Odd == 0 && r.Items > 0 && r.Records > 0
}

// Line is the report on one line.
func (r Report) Line() string {
	verdict := "PASS"
	if !r.OK() {
		verdict = "FAIL"
	}
	return fmt.Sprintf("items %d, records %d, lost %d, doubled %d, wrong %d, orphaned %d, progress back %d, error records %d, odd %d: %s",
		r.Items, r.Records, r.Lost, r.Doubled, r.Wrong, r.Orphaned, r.Back, r.Errors, r.Odd, verdict)
}

// enough is how many findings of a kind are kept.
const enough = 5

func (r *Report) found(count *int, format string, args ...any) {
	if *count++; *count <= enough {
		r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
	}
}

// Judge holds what was read against all records that were to come, by tree.Key, and against the values of ${id} that were
// to become items. An error record is as wrong as a lost one.
func (w *Watch) Judge(records map[string][]byte, lists []string) Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := Report{Items: len(lists), Records: len(records)}
	for _, key := range slices.Sorted(maps.Keys(records)) {
		s := w.records[key]
		switch {
		case s == nil:
			r.found(&r.Lost, "lost: %s", key)
		case s.times > 1:
			r.found(&r.Doubled, "doubled: %s is there %d times", key, s.times)
		case !bytes.Equal(s.value, records[key]):
			r.found(&r.Wrong, "wrong: %s is %s, served was %s", key, s.value, records[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.records)) {
		if records[key] == nil {
			r.found(&r.Wrong, "wrong: %s was never served", key)
		}
	}
	w.items(&r, lists)
	for _, e := range w.errors {
		r.found(&r.Errors, "error record: %.300s %v", e.Value, e.Headers)
	}
	for _, b := range w.queue.back {
		r.found(&r.Back, "progress back: %s", b)
	}
	for _, o := range w.odd {
		r.found(&r.Odd, "odd: %s", o)
	}
	return r
}

// items looks for each list's item, which must have been crawled to its end, and for items of no list.
func (w *Watch) items(r *Report, lists []string) {
	of := map[string]*Item{}
	for name, i := range w.queue.items {
		if of[i.Values["id"]] != nil {
			r.found(&r.Odd, "odd: two items of %v, one is %s", i.Values, name)
		}
		of[i.Values["id"]] = i
	}
	for _, id := range lists {
		switch i := of[id]; {
		case i == nil:
			r.found(&r.Orphaned, "orphaned: nothing was announced for %s", id)
		case !i.Finished():
			r.found(&r.Orphaned, "orphaned: %s stands at %+v", id, *i)
		}
		delete(of, id)
	}
	for id, i := range of {
		r.found(&r.Odd, "odd: an item for %q, which has no list: %+v", id, *i)
	}
}

// Items are the items of the work queue by their value of ${id}.
func (w *Watch) Items() map[string]Item {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]Item{}
	for _, i := range w.queue.items {
		out[i.Values["id"]] = *i
	}
	return out
}

// Missing says how many records and items are not done yet, nil when none is.
func (w *Watch) Missing(records int, items int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	open, sample := items, []string{}
	for _, i := range w.queue.items {
		if i.Finished() {
			open--
		} else if len(sample) < 3 {
			sample = append(sample, fmt.Sprintf("%+v", *i))
		}
	}
	if len(w.records) >= records && open <= 0 {
		return nil
	}
	return fmt.Errorf("%d of %d records have come, %d of %d items are not crawled to their end, as %s",
		len(w.records), records, open, items, strings.Join(sample, ", "))
}
