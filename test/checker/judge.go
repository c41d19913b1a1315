package checker

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// finding is one thing that is wrong.
type finding struct {
	check string
	api   int
	text  string
}

// stray notes something wrong while reading. w.mu is held.
func (w *Watch) stray(check string, api int, format string, args ...any) {
	w.strays = append(w.strays, finding{check, api, fmt.Sprintf(format, args...)})
}

// Judge runs every check on what was read so far; call it after Settle. least is how many records must have arrived in
// all, and complete says that the streams have ended, so that every record is due.
func (w *Watch) Judge(least int, complete bool) Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	j := &judge{Report: Report{Counts: map[string]int{}, Longest: w.longest}, complete: complete}
	for _, f := range w.strays {
		j.found(f.check, f.api, "%s", f.text)
	}
	for _, a := range w.plan.APIs {
		j.stream(w.seen[a.ID])
	}
	if j.Records < least {
		j.found(Behind, 0, "%d records arrived, at least %d were to", j.Records, least)
	}
	if l := w.plan.OpenLimit; l > 0 && w.longest > l {
		j.found(Open, 0, "%s had a transaction open for %s, longer than %s", w.opened, w.longest.Round(time.Millisecond), l)
	}
	if w.plan.Claims != nil {
		for api, n := range w.plan.Claims() {
			if n > w.plan.ClaimLimit {
				j.found(Duel, api, "claimed %d times, %d are enough", n, w.plan.ClaimLimit)
			}
		}
	}
	slices.SortFunc(j.Findings, func(a, b string) int { return cmp.Compare(a, b) })
	return j.Report
}

// judge collects.
type judge struct {
	Report
	complete bool
}

// keep bounds the findings told for each check; all are counted.
const keep = 10

func (j *judge) found(check string, api int, format string, args ...any) {
	if j.Counts[check]++; j.Counts[check] <= keep {
		j.Findings = append(j.Findings, fmt.Sprintf("%s api%d: ", check, api)+fmt.Sprintf(format, args...))
	}
}

// stream runs the checks of one API.
func (j *judge) stream(s *stream) {
	j.Records += len(s.ids)
	j.Offsets += len(s.offsets)
	places := j.places(s)
	j.once(s)
	j.whole(s, places)
	j.order(s)
	j.back(s, places)
	j.torn(s, places)
	j.fence(s)
}

// places reads the stored offsets; one that cannot be read has no place.
func (j *judge) places(s *stream) []*Place {
	out := make([]*Place, len(s.offsets))
	if s.api.Stand == nil {
		return out
	}
	for i, o := range s.offsets {
		err := o.err
		if err == nil {
			var p Place
			if p, err = s.api.Stand(o.fields); err == nil {
				out[i] = &p
				continue
			}
		}
		j.found(BadOffset, s.api.ID, "offset %d: %v", i, err)
	}
	return out
}

// once: no record twice.
func (j *judge) once(s *stream) {
	for seq, n := range s.ids {
		if n > 1 {
			j.found(Double, s.api.ID, "record %d is there %d times", seq, n)
		}
	}
}

// whole: no hole below the last record that arrived, nor below what the last offset covers. What is missing behind both
// is late, not lost.
func (j *judge) whole(s *stream, places []*Place) {
	sure := 0
	for seq := range s.ids {
		sure = max(sure, seq+1)
	}
	for _, p := range places {
		if p != nil {
			sure = max(sure, p.Least)
		}
	}
	total := s.api.Total()
	for seq := range max(sure, total) {
		switch here := s.ids[seq] > 0; {
		case s.api.Aside[seq] && here:
			j.found(Phantom, s.api.ID, "record %d was to be set aside, but it is there", seq)
		case here || s.api.Aside[seq]:
		case seq < sure:
			j.found(Lost, s.api.ID, "record %d is missing; offsets and records stand at %d", seq, sure)
		case j.complete:
			j.found(Behind, s.api.ID, "record %d of %d has not arrived", seq, total)
		}
	}
}

// order: sequence numbers rise within a partition. A doubled record is told once, as doubled.
func (j *judge) order(s *stream) {
	last := map[log]int{}
	for _, r := range s.records {
		if before, any := last[r.place]; any && r.seq < before && s.ids[r.seq] == 1 {
			j.found(Order, s.api.ID, "record %d comes after record %d in partition %d", r.seq, before, r.place.partition)
		}
		last[r.place] = max(r.seq, last[r.place])
	}
}

// back: positions never fall.
func (j *judge) back(s *stream, places []*Place) {
	var last *Place
	for i, p := range places {
		if p == nil {
			continue
		}
		if last != nil && slices.Compare(p.Position, last.Position) < 0 {
			j.found(Back, s.api.ID, "offset %d %v stands at %v, before %v", i, s.offsets[i].fields, p.Position, last.Position)
		}
		last = p
	}
}

// torn: what a session emitted and where its last offset stands belong together.
func (j *judge) torn(s *stream, places []*Place) {
	if s.api.Stand == nil {
		return
	}
	emitted := map[session]int{}
	for _, r := range s.records {
		emitted[r.session] = max(emitted[r.session], r.seq+1)
	}
	final := map[session]int{} // index of a session's last offset
	for i, o := range s.offsets {
		final[o.session] = i
	}
	for from, n := range emitted {
		if _, ok := final[from]; !ok {
			j.found(Torn, s.api.ID, "producer %d epoch %d left records up to %d but no offset", from.pid, from.epoch, n-1)
		}
	}
	so := 0
	for i, o := range s.offsets {
		so = max(so, emitted[o.session])
		if p := places[i]; p != nil && final[o.session] == i {
			j.belong(s, o, *p, so)
		}
	}
}

// belong holds an offset against the count of records emitted with and before it.
func (j *judge) belong(s *stream, o stored, p Place, emitted int) {
	reach := emitted
	for s.api.Aside[reach] {
		reach++ // an offset moves past what was set aside
	}
	if p.Least > reach {
		j.found(Torn, s.api.ID, "offset %v covers %d records, only %d are there with it", o.fields, p.Least, reach)
	}
	if p.Most < emitted {
		j.found(Torn, s.api.ID, "offset %v covers %d records, but %d are there with it", o.fields, p.Most, emitted)
	}
}

// fence: once a successor has written, nothing of its predecessor becomes visible any more.
func (j *judge) fence(s *stream) {
	byPartition := map[log][]session{}
	for _, r := range s.records {
		byPartition[r.place] = append(byPartition[r.place], r.session)
	}
	for _, o := range s.offsets {
		byPartition[log{}] = append(byPartition[log{}], o.session)
	}
	for _, writers := range byPartition {
		epochs, last := map[int64]int16{}, session{pid: -1}
		for _, from := range writers {
			epoch, known := epochs[from.pid]
			if known && (from.pid != last.pid || from.epoch < epoch) {
				j.found(Fence, s.api.ID, "producer %d epoch %d wrote after producer %d epoch %d", from.pid, from.epoch, last.pid, last.epoch)
			}
			epochs[from.pid], last = from.epoch, from
		}
	}
}
