package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headwater/headwater/test/checker"
)

// note notes something wrong; of each kind ten are told. v.mu is held.
func (v *chainWatch) note(check, format string, args ...any) {
	if v.counts[check]++; v.counts[check] <= 10 {
		v.findings = append(v.findings, check+": "+fmt.Sprintf(format, args...))
	}
}

// judge runs every check; call it once everything has settled. least is how many records must have arrived.
func (v *chainWatch) judge(least int) checker.Report {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := checker.Report{Counts: v.counts}
	for api, lists := range v.w.garden.lists() {
		for _, list := range lists {
			v.item(api, list)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.items)) {
		at := v.items[key]
		r.Records += len(at.times)
		r.Offsets += len(at.progress)
		v.once(key, at)
		v.whole(key, at)
		v.order(key, at)
		v.back(key, at)
		v.torn(key, at)
		v.called(key, at)
	}
	for lane, writers := range v.lanes {
		v.fence(lane, writers)
	}
	v.duel()
	if r.Records < least {
		v.note(checker.Behind, "%d records arrived, at least %d were to", r.Records, least)
	}
	r.Findings = v.findings
	return r
}

// once: no record twice.
func (v *chainWatch) once(key string, at *watched) {
	for n, times := range at.times {
		if times > 1 {
			v.note(checker.Double, "%s: record %d is there %d times", key, n, times)
		}
	}
}

// whole: no hole below what arrived last or is covered, and behind that nothing that nobody will crawl.
func (v *chainWatch) whole(key string, at *watched) {
	sure, total := 0, v.w.garden.total(at.api, at.list)
	for n := range at.times {
		sure = max(sure, n+1)
	}
	for _, p := range at.progress {
		sure = max(sure, p.covers)
	}
	for n := range max(sure, total) {
		switch {
		case at.times[n] > 0:
		case n < sure:
			v.note(checker.Lost, "%s: record %d is missing; progress and records stand at %d", key, n, sure)
		case at.api == 1:
			v.note(checker.Behind, "%s: record %d of %d has not arrived", key, n, total)
		default:
			v.note(Orphan, "%s: record %d of %d was never crawled", key, n, total)
		}
	}
	if at.api > 1 {
		if what := at.unfinished(); what != "" {
			v.note(Orphan, "%s: %s", key, what)
		}
	}
}

// order: numbers rise within a partition. A doubled record is told once, as doubled.
func (v *chainWatch) order(key string, at *watched) {
	last := map[int32]int{}
	for _, r := range at.records {
		if before, any := last[r.part]; any && r.n < before && at.times[r.n] == 1 {
			v.note(checker.Order, "%s: record %d comes after record %d in partition %d", key, r.n, before, r.part)
		}
		last[r.part] = max(r.n, last[r.part])
	}
}

// back: revisions rise, offsets do not fall.
func (v *chainWatch) back(key string, at *watched) {
	for i, p := range at.progress {
		if p.err != nil {
			v.note(checker.BadOffset, "%s: progress %d: %v", key, i, p.err)
		}
		if i == 0 {
			continue
		}
		before := at.progress[i-1]
		if at.api > 1 && p.revision <= before.revision {
			v.note(ProgressBack, "%s: revision %d follows %d", key, p.revision, before.revision)
		}
		if p.covers < before.covers {
			v.note(ProgressBack, "%s: progress covers %d records after it covered %d", key, p.covers, before.covers)
		}
	}
}

// torn: what a claim emitted of an item and where its last progress stands belong together.
func (v *chainWatch) torn(key string, at *watched) {
	emitted, final, so := map[owner]int{}, map[owner]int{}, 0
	for _, r := range at.records {
		emitted[r.owner] = max(emitted[r.owner], r.n+1)
	}
	for i, p := range at.progress {
		final[p.owner] = i
	}
	for from, n := range emitted {
		if _, ok := final[from]; !ok {
			v.note(checker.Torn, "%s: producer %d epoch %d left records up to %d but no progress", key, from.pid, from.epoch, n-1)
		}
	}
	for i, p := range at.progress {
		if so = max(so, emitted[p.owner]); p.err == nil && final[p.owner] == i && p.covers != so {
			v.note(checker.Torn, "%s: progress covers %d records, %d are there with it", key, p.covers, so)
		}
	}
}

// called: each record of a parent has its announcement, by the same claim.
func (v *chainWatch) called(key string, at *watched) {
	if at.api == 3 {
		return
	}
	type call struct {
		owner
		child string
	}
	calls := map[call]int{}
	for _, r := range at.records {
		calls[call{r.owner, v.w.garden.names(at.api, at.list, r.n)}]++
	}
	for c, records := range calls {
		n := 0
		for _, a := range v.item(at.api+1, c.child).announced {
			if a.owner == c.owner {
				n++
			}
		}
		if n < records {
			v.note(Orphan, "%s: producer %d epoch %d left %d records for item %s and announced it %d times", key, c.pid, c.epoch, records, c.child, n)
		}
	}
}

// fence: once a successor has written, nothing of its predecessor becomes visible any more.
func (v *chainWatch) fence(lane int32, writers []owner) {
	epochs, last := map[int64]int16{}, owner{pid: -1}
	for _, from := range writers {
		epoch, known := epochs[from.pid]
		if known && (from.pid != last.pid || from.epoch < epoch) {
			v.note(checker.Fence, "lane %d: producer %d epoch %d wrote after producer %d epoch %d", lane, from.pid, from.epoch, last.pid, last.epoch)
		}
		epochs[from.pid], last = from.epoch, from
	}
}

// duel: nobody claims a lane again and again.
func (v *chainWatch) duel() {
	if v.w.cfg.claims == 0 {
		return
	}
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	for id, n := range v.w.claims {
		if n > v.w.cfg.claims && strings.Contains(id, "-q") {
			v.note(checker.Duel, "%s was claimed %d times, %d are enough", id, n, v.w.cfg.claims)
		}
	}
}

// chainLine is a report on a chained connector on one line.
func chainLine(r checker.Report) string {
	verdict := "PASS"
	if !r.OK() {
		verdict = "FAIL (" + strings.Join(r.Failed(), " ") + ")"
	}
	c := r.Counts
	return fmt.Sprintf("records %d, progress %d, lost %d, doubled %d, orphaned %d, progress back %d, torn %d, late %d: %s",
		r.Records, r.Offsets, c[checker.Lost], c[checker.Double], c[Orphan], c[ProgressBack], c[checker.Torn], c[checker.Behind], verdict)
}
