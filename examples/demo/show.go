package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// opening says what is running and where.
func (d *demo) opening() {
	s, p := d.screen, d.places
	s.say(s.paint(bold, "Headwater: a REST API into Kafka, every record exactly once"))
	for _, note := range p.notes {
		s.say("  note: " + note)
	}
	s.say("",
		fmt.Sprintf("  sample API   http://%s: the %s clock changes of %d time zones, 1990 to 2037", p.sample.Addr(),
			thousands(len(d.data.Transitions)), len(d.data.Zones)),
		"               (it holds back those from 2036 on and publishes them one after the other)",
		fmt.Sprintf("  worker       %s", d.worker.line()),
		fmt.Sprintf("               (pid %d, log in %s)", d.worker.pid(), d.worker.log),
		fmt.Sprintf("  Kafka        %s, the worker's embedded broker", p.kafka))
	for _, one := range p.sources {
		s.say("  connector    " + one.name)
		for _, a := range one.apis {
			note := a.mode
			if a.child {
				note += ", for each parent record"
			}
			s.say(fmt.Sprintf("               %-27s -> topic %-21s %s", a.path, a.topic, note))
		}
	}
	d.lookHere("While it runs, in another terminal:")
}

// lookHere lists what can be looked at.
func (d *demo) lookHere(title string) {
	p := d.places
	d.screen.head(title)
	lines := [][2]string{
		{"curl -s " + d.asks.connectorURL(p.sources[0].name) + "/status", "state of connector and tasks"},
		{"curl -s " + d.asks.connectorURL(p.sources[0].name) + "/offsets", "where each API stands"},
	}
	for _, s := range p.sources {
		if s.chained() {
			lines = append(lines, [2]string{"curl -s " + d.asks.queueURL(s.name), "work items, by state"},
				[2]string{d.workerctl() + " queue show " + s.name, "the same, to read"})
		}
	}
	for _, line := range append(lines, [][2]string{
		{"curl -s http://" + p.rest + "/metrics", "for Prometheus"},
		{"curl -s 'http://" + p.sample.Addr().String() + "/v1/transitions?limit=3'", "the API itself"},
		{fmt.Sprintf("kcat -C -b %s -t %s -o -3 -e", p.kafka, p.sources[0].lastTopic()), "any Kafka client"},
	}...) {
		d.screen.say(fmt.Sprintf("  %-77s %s", line[0], d.screen.paint(dim, "# "+line[1])))
	}
}

// workerctl is the command, which lies beside the worker.
func (d *demo) workerctl() string {
	command := filepath.Join(filepath.Dir(d.options.worker), "workerctl")
	if d.places.rest != defaultREST {
		command += " --server http://" + d.places.rest
	}
	return command
}

// arrivals shows the first record of each topic and, once the backlog is read, some of the new ones.
func (d *demo) arrivals(now time.Time) {
	w := &d.watch
	for _, a := range d.places.apis() {
		first, _ := d.tally.ends(a.topic)
		if r := w.debut(a.topic, first); r != nil {
			if len(w.shown) == 1 {
				d.screen.head("The first records, as topic/partition@offset value")
			}
			d.record(r, 200)
		}
	}
	if w.complete() && !w.caught {
		w.caught = true
		d.screen.say("", d.screen.paint(bold, clock(now.Sub(d.started))+"  the backlog is read; from here on, records come as the API publishes them"))
	}
	_, last := d.tally.ends(d.places.sources[0].lastTopic())
	if r := w.trickle(now, last); r != nil {
		d.record(r, 90)
	}
}

// record writes where r is and what it says, in width characters.
func (d *demo) record(r *kgo.Record, width int) {
	place := fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset)
	d.screen.say(fmt.Sprintf("  %s %s", d.screen.paint(cyan, fmt.Sprintf("%-28s", place)), short(string(r.Value), width)))
}

func (d *demo) draw(now time.Time) {
	d.screen.table(now, d.screen.rows(now.Sub(d.started), d.watch.status, d.watch.rows))
}

// verify checks every topic and says how that went; the error says what is wrong.
func (d *demo) verify(ctx context.Context) error {
	all, err := check(ctx, d.places.apis(), d.asks, d.tally)
	if err != nil {
		return err
	}
	s := d.screen
	s.head("The check: what a plain Kafka client read (read_committed) against what the API holds, id by id")
	var sum verdict
	var troubles []string
	for _, v := range all {
		word := s.paint(green, "ok")
		if !v.good() {
			word = s.paint(red, "WRONG")
			troubles = append(troubles, v.trouble())
		}
		s.say(fmt.Sprintf("  %-22s %7s records = %7s distinct ids = %7s in the API   %s",
			v.topic, thousands(v.records), thousands(v.distinct), thousands(v.held), word))
		sum.records, sum.distinct, sum.held = sum.records+v.records, sum.distinct+v.distinct, sum.held+v.held
	}
	if len(troubles) > 0 {
		return fmt.Errorf("the check failed: %s", strings.Join(troubles, "; "))
	}
	s.say("", s.paint(green, fmt.Sprintf("Every record arrived exactly once: %s records seen = %s distinct ids = %s held by the API.",
		thousands(sum.records), thousands(sum.distinct), thousands(sum.held))))
	if d.watch.kills > 0 {
		s.say(fmt.Sprintf("And that over %d times kill -9.", d.watch.kills))
	}
	if !d.options.stay {
		d.farewell()
	}
	return nil
}

// farewell says where to go from here.
func (d *demo) farewell() {
	d.screen.head("Next")
	d.screen.say(
		"  go run ./examples/demo -stay     # the same, running until Ctrl-C, to look around",
		"  go run ./examples/demo -kill     # the same, with the worker killed (-9) twice on the way",
		"  examples/timezones*.json         # the connectors that ran; examples/README.md has more of them",
		"  README.md, docs/ARCHITECTURE.md  # how to run it on your Kafka, and how it works",
	)
}
