package pipeline_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// pipe is a pipeline over a SIMPLE_INCREMENTING or a CHAINING API, and the state it starts in.
func pipe(t *testing.T, change map[string]string) (*pipeline.Pipeline, poll.State) {
	t.Helper()
	properties := map[string]string{
		"name": "c", "connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": "http://api.test",
		"api1.http.api.path": "/items", "api1.topics": "items", "api1.http.offset.mode": "SIMPLE_INCREMENTING",
		"api1.http.initial.offset": "0", "api1.http.request.parameters": "start=${offset}",
	}
	for k, v := range change {
		properties[k] = v
	}
	c, _, err := connector.Parse(properties)
	if err != nil {
		t.Fatal(err)
	}
	m, err := poll.New(c.BaseURL, c.APIs[0])
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.Pipeline{
		Config: c, API: c.APIs[0], Machine: m, Converter: convert.JSON{}, OffsetsTopic: "offsets",
		Partition: offsets.Partition{Connector: "c", URL: m.URL()}, Limit: 1000, ErrorLimit: 1000,
	}, s
}

func answer(records ...string) poll.Response {
	list := record.Memory{}
	for _, r := range records {
		list = append(list, []byte(r))
	}
	return poll.Response{Status: 200, Reason: "OK", URL: "http://api.test/items", Records: list, DataFound: true}
}

// flat shows a page's messages as topic=value.
func flat(t *testing.T, p pipeline.Page) string {
	t.Helper()
	var out []string
	for m, err := range p.Batch.Messages {
		if err != nil {
			t.Fatal(err)
		}
		value := string(m.Value)
		if m.Topic == "error-c" {
			value = "..."
		}
		out = append(out, m.Topic+"="+value)
	}
	if o := p.Batch.Offset; o != nil {
		out = append(out, o.Topic+"="+string(o.Value))
	}
	return strings.Join(out, " ")
}

func TestPage(t *testing.T) {
	big := `{"id":2,"text":"` + strings.Repeat("x", 2000) + `"}`
	chaining := map[string]string{"api1.http.offset.mode": "CHAINING", "api1.http.offset.json.pointer": "/id"}
	with := func(more ...string) map[string]string {
		m := map[string]string{}
		for k, v := range chaining {
			m[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for name, c := range map[string]struct {
		change  map[string]string
		records []string
		want    string
		fails   bool
	}{
		"records and offset": {nil, []string{`{"id":1}`, `{"n":12345678901234567890.10}`}, `items={"id":1} items={"n":12345678901234567890.10} offsets={"next":"2","offset":"1"}`, false},
		"an empty page":      {nil, nil, "", false},
		"too large, none":    {nil, []string{`{"id":1}`, big}, "error-c=...", true},
		"too large, all":     {map[string]string{"errors.tolerance": "all"}, []string{`{"id":1}`, big, `{"id":3}`}, `items={"id":1} items={"id":3} error-c=... offsets={"next":"3","offset":"2"}`, false},
		"no offset, FAIL":    {chaining, []string{`{"id":1}`, `{}`}, "error-c=...", true},
		"no offset, IGNORE":  {with("behavior.on.error", "IGNORE"), []string{`{"id":1}`, `{}`}, `items={"id":1} error-c=... offsets={"offset":"1"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := pipe(t, c.change)
			page := p.Page(s, answer(c.records...), now)
			got := flat(t, page)
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if again := flat(t, page); again != got {
				t.Error("a page cannot be walked twice")
			}
			if (page.Fault != nil) != c.fails {
				t.Errorf("fault %v", page.Fault)
			}
			if page.Empty() != (c.want == "") {
				t.Errorf("empty is %v", page.Empty())
			}
		})
	}
}

func TestFailure(t *testing.T) {
	status, body := 404, strings.Repeat("é", 20_000)
	reason, sent := "Not Found", "the body"
	err := &fault.Error{Kind: fault.Permanent, Op: "ask", Err: errors.New("404"), Report: &fault.Report{
		Message: "it failed", ResponseContent: &body, Status: &status, Reason: &reason, Payload: &sent, URL: "http://api.test/items",
	}}
	for policy, fails := range map[string]bool{"FAIL": true, "IGNORE": false} {
		p, s := pipe(t, map[string]string{"behavior.on.error": policy})
		page := p.Failure(s, err)
		if (page.Fault != nil) != fails || page.Batch.Offset != nil {
			t.Errorf("%s: fault %v, offset %v", policy, page.Fault, page.Batch.Offset)
		}
		for m := range page.Batch.Messages {
			checkErrorRecord(t, m)
		}
	}
}

func checkErrorRecord(t *testing.T, m record.Message) {
	t.Helper()
	var keys []string
	for _, h := range m.Headers {
		keys = append(keys, h.Key)
	}
	if got, want := strings.Join(keys, " "), "error_message exception response_content status_code payload reason_phrase url"; got != want {
		t.Errorf("headers %s, want %s", got, want)
	}
	if m.Headers[1].Value != nil || string(m.Headers[3].Value) != "404" {
		t.Errorf("headers %q", m.Headers)
	}
	if m.Topic != "error-c" || m.Size() > 1000 {
		t.Errorf("%d bytes to %s: the error topic takes 1000", m.Size(), m.Topic)
	}
}

// TestErrorValue: the value is a JSON string, a bare one, or the answer's body.
func TestErrorValue(t *testing.T) {
	body := `{"message":"no"}`
	err := &fault.Error{Kind: fault.Permanent, Op: "ask", Err: errors.New("no"), Report: &fault.Report{Message: "m", ResponseContent: &body, URL: "u"}}
	for setting, want := range map[string]string{
		"": `"Retry time lapsed,`, "reporter.error.topic.value.format=string": "Retry time lapsed,", "report.errors.as=http_response": body,
	} {
		change := map[string]string{}
		if k, v, ok := strings.Cut(setting, "="); ok {
			change[k] = v
		}
		p, s := pipe(t, change)
		for m := range p.Failure(s, err).Batch.Messages {
			if !strings.HasPrefix(string(m.Value), want) {
				t.Errorf("%q: value %s, want %s", setting, m.Value, want)
			}
		}
	}
}

// TestUnreadableSpoolFile: an error while a page is walked reaches the committer instead of looking like its end.
func TestUnreadableSpoolFile(t *testing.T) {
	p, s := pipe(t, nil)
	r := answer(`{"id":1}`)
	list := &failing{Memory: r.Records.(record.Memory)}
	r.Records = list
	page := p.Page(s, r, now)
	list.gone = true
	var last error
	for _, err := range page.Batch.Messages {
		last = err
	}
	if last == nil {
		t.Error("the error was swallowed")
	}
}

// failing is a list whose file is gone at some point.
type failing struct {
	record.Memory
	gone bool
}

func (f *failing) Each(visit func(int, []byte) error) error {
	if f.gone {
		return errors.New("read spool file: gone")
	}
	return f.Memory.Each(visit)
}
