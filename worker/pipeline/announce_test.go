package pipeline_test

import (
	"strings"
	"testing"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// family is a parent's pipeline, whose child is /items/${id}/parts, and the state it starts in.
func family(t *testing.T, change map[string]string) (*pipeline.Pipeline, poll.State) {
	t.Helper()
	properties := map[string]string{
		"apis.num": "2", "api.chaining.parent.child.relationship": "api1::api2", "api2.http.api.path": "/items/${id}/parts",
		"api2.topics": "parts", "api2.http.offset.mode": "SIMPLE_INCREMENTING", "api2.http.initial.offset": "0",
		"api2.http.request.parameters": "start=${offset}",
	}
	for k, v := range change {
		properties[k] = v
	}
	p, s := pipe(t, properties)
	child, err := poll.New(p.Config.BaseURL, p.Config.APIs[1])
	if err != nil {
		t.Fatal(err)
	}
	p.Queue, p.QueueLimit = "queue", 300
	if p.Plan, err = chaining.NewPlanner(p.Config, 1, func(_ int, values map[string]string) error {
		_, err := child.StartItem(nil, values)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return p, s
}

// announced are the work items of a page, by their placeholder's value, and the topics in their order.
func announced(t *testing.T, p pipeline.Page) (items, topics string) {
	t.Helper()
	for m, err := range p.Batch.Messages {
		if err != nil {
			t.Fatal(err)
		}
		topics += m.Topic + " "
		if m.Topic != "queue" {
			continue
		}
		key, err := chaining.ParseKey(m.Key)
		if err != nil || m.Partition != key.ID.Lane()+1 || key.Kind != chaining.Announced {
			t.Errorf("key %s in partition %d: %v", m.Key, m.Partition, err)
		}
		items += string(m.Value[strings.Index(string(m.Value), "id")+4:][:2]) + " "
	}
	return strings.TrimSpace(items), strings.TrimSpace(topics)
}

// TestAnnounce: every record and its work item are in one page, and what has no value for a placeholder, or one that would
// lead elsewhere, is reported and loses nothing.
func TestAnnounce(t *testing.T) {
	p, s := family(t, map[string]string{"behavior.on.error": "IGNORE"})
	page := p.Page(s, answer(`{"id":11}`, `{"no":1}`, `{"id":null}`, `{"id":{"a":1}}`, `{"id":"../x"}`, `{"id":"a\r\nb"}`, `{"id":"a?b"}`, `{"id":"`+strings.Repeat("x", 400)+`"}`), now)
	items, topics := announced(t, page)
	if items != "11 a?" || page.Records != 8 || page.Items != 2 || page.Rejected != 6 || page.Fault != nil {
		t.Errorf("items %q, %d records, %d items, %d rejected, fault %v", items, page.Records, page.Items, page.Rejected, page.Fault)
	}
	if want := "items queue" + strings.Repeat(" items", 6) + " queue items" + strings.Repeat(" error-c", 6); topics != want {
		t.Errorf("got  %s\nwant %s", topics, want)
	}
}

// TestAnnounceUnderFail: the page comes again once a person has looked, with all its records.
func TestAnnounceUnderFail(t *testing.T) {
	p, s := family(t, map[string]string{"behavior.on.error": "FAIL"})
	page := p.Page(s, answer(`{"id":11}`, `{"no":1}`), now)
	if _, topics := announced(t, page); topics != "error-c" || page.Fault == nil || !strings.Contains(page.Fault.Error(), "${id} of child api2") {
		t.Errorf("%s, fault %v", topics, page.Fault)
	}
	if fault.KindOf(page.Fault) == fault.Retriable {
		t.Error("it is tried again by itself")
	}
}

// TestWhatIsDroppedAnnouncesNothing: a record that was emitted before means no work.
func TestWhatIsDroppedAnnouncesNothing(t *testing.T) {
	p, s := family(t, map[string]string{
		"api1.http.offset.mode": "CHAINING", "api1.http.offset.json.pointer": "/n", "behavior.on.error": "IGNORE",
	})
	first := p.Page(s, answer(`{"n":1,"id":11}`), now)
	again := p.Page(first.Next, answer(`{"n":1,"id":11}`, `{"n":2,"id":12}`), now)
	if items, _ := announced(t, again); items != "12" {
		t.Errorf("announced %q", items)
	}
}

// TestParentFields go into the headers of a child's records, or before their own members.
func TestParentFields(t *testing.T) {
	parent := pipeline.Parent{Fields: []*headwaterv1.Value{
		{Name: "user", Value: "17"}, {Name: "city", Value: `"Ulm"`}, {Name: "n", Value: "9"}, {Name: "all", Value: `{"a":[1]}`},
	}}
	for into, want := range map[connector.ParentInto]string{
		connector.ParentIntoHeaders: `{"n":1} user=17 city=Ulm n=9 all={"a":[1]}, {} user=17 city=Ulm n=9 all={"a":[1]}`,
		connector.ParentIntoValue:   `{"user":17,"city":"Ulm","all":{"a":[1]},"n":1}, {"user":17,"city":"Ulm","n":9,"all":{"a":[1]}}`,
	} {
		p, s := pipe(t, map[string]string{"errors.tolerance": "all", "behavior.on.error": "IGNORE"})
		p.API.ParentInto = into
		page := p.PageOf(parent, s, answer(`{"n":1}`, `{}`), now)
		var got []string
		for m, err := range page.Batch.Messages {
			if err != nil {
				t.Fatal(err)
			}
			text := string(m.Value)
			for _, h := range m.Headers {
				text += " " + h.Key + "=" + string(h.Value)
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
		}
	}
	p, s := pipe(t, map[string]string{"errors.tolerance": "all", "behavior.on.error": "IGNORE"})
	p.API.ParentInto = connector.ParentIntoValue
	if page := p.PageOf(parent, s, answer(`7`, `{}`), now); page.Records != 1 || page.Rejected != 1 {
		t.Errorf("a record that is no object: %d records, %d rejected", page.Records, page.Rejected)
	}
}
