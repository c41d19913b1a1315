package connector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

// What is changed in a good configuration, and the one warning that must come: its property and a word of its hint.
var warningCases = []struct{ changes, property, hint string }{
	{"http.initial.offset=3", "http.initial.offset", "did you mean api1.http.initial.offset?"},
	{"time.range.request.delay=3", "time.range.request.delay", "did you mean api1.time.range.request.delay?"},
	{"api2.topics=x", "api2.*", "raise apis.num to 2"},
	{"api1.http.inital.offset=3", "api1.http.inital.offset", "did you mean api1.http.initial.offset?"},
	{"behaviour.on.error=FAIL", "behaviour.on.error", "did you mean behavior.on.error?"},
	{"oauth2.client.mode=header", "oauth2.client.mode", "did you mean oauth2.client.auth.mode?"},
	{"request.interval=5", "request.interval", "did you mean api1.request.interval.ms?"},
	{"entirely.unheard.of=5", "entirely.unheard.of", "reference page"},
	{"api99999999999.x=5", "api99999999999.*", "at most 15"},
	{"api01.topics=5", "api01.topics", "did you mean api1.topics?"},
	{"kafka.api.key=k", "kafka.api.key", "own connection"},
	{"value.converter.scrub.invalid.names=true", "value.converter.scrub.invalid.names", "no schema"},
	{"producer.override.linger.ms=100", "producer.override.linger.ms", "at once"},
	{"producer.override.batch.size=100", "producer.override.batch.size", "worker"},
	{"auto.restart.on.user.error=false", "auto.restart.on.user.error", "restart call"},
	{"connection.user=u", "connection.user", "set auth.type=BASIC"},
	{"api.key.value=u", "api.key.value", "set auth.type=API_KEY"},
	{"auth.type=BASIC\nconnection.user=u", "connection.password", "connection.password"},
	{"auth.type=BASIC\nconnection.user=u\nconnection.password=p\napi1.http.request.headers=authorization: x", "api1.http.request.headers", "one of the two"},
	{"api1.http.request.headers=Content-Length:348", "api1.http.request.headers", "each request"},
	{"api1.http.request.body={}", "api1.http.request.body", "method=POST"},
	{"api1.http.request.method=POST\napi1.http.request.parameters=a=b", "api1.http.request.parameters", "http.api.path"},
	{"api1.request.interval.ms=99", "api1.request.interval.ms", "so often"},
	{"api1.http.offset.json.pointer=/id", "api1.http.offset.json.pointer", "http.offset.mode"},
	{"api1.http.next.page.json.pointer=/id", "api1.http.next.page.json.pointer", "http.offset.mode"},
	{"api1.chaining.with.timestamp.mode=true", "api1.chaining.with.timestamp.mode", "http.offset.mode"},
	{"api1.timestamp.format=ISO8601", "api1.timestamp.format", "http.offset.mode"},
	{chaining + "api1.http.request.parameters=a=b", "api1.http.offset.mode", "${offset}"},
	{windows + "api1.time.range.request.delay=60001", "api1.time.range.request.delay", "milliseconds"},
	{windows + "api1.http.request.parameters=a=b", "api1.http.offset.mode", "parameters"},
	{relative + "api1.time.range.request.delay=5", "api1.time.range.request.delay", "${end_time}"},
	{"auth.type=BEARER\nbearer.token=${file:/s:token}", "bearer.token", "config.providers"},
	{relative + "api1.initial.start.timestamp.value=5", "api1.initial.start.timestamp.value", "http.offset.mode"},
}

func TestWarnings(t *testing.T) {
	for _, c := range warningCases {
		_, warnings, err := connector.Parse(properties(c.changes))
		if err != nil {
			t.Errorf("%q: %v", c.changes, err)
		}
		if len(warnings) != 1 || warnings[0].Property != c.property || !strings.Contains(warnings[0].Hint, c.hint) {
			t.Errorf("%q: warnings %q, want one of %s with %q", c.changes, warnings, c.property, c.hint)
		}
	}
}

// What repeats a default, or belongs to a tester or sink, is no news to anybody.
func TestSilence(t *testing.T) {
	for _, changes := range []string{
		"", "schema.context.name=default", "value.subject.name.strategy=TopicNameStrategy", "https.ssl.enabled=false",
		"api1.test.api=true", "api1.http.timestamp.interval=86400", "api1.is.next.page.token.absolute.url=TRUE",
		"http.proxy.host=", "api1.max.retries=", "api1.http.response.schema.enforce=none", "api1.http.offset.json.pointer=",
		"oauth2.client.scope=any", "transaction.boundary=poll", "auth.type=", "api1.http.request.headers.separator=",
	} {
		if _, warnings, err := connector.Parse(properties(changes)); err != nil || len(warnings) > 0 {
			t.Errorf("%q: %v %v", changes, warnings, err)
		}
	}
}

func TestParseIsDeterministic(t *testing.T) {
	p := properties("zeta=1\nalpha=2\napi3.x=1\napi2.x=2\nkafka.api.key=k\nheader.converter=x\nmid=3")
	_, first, _ := connector.Parse(p)
	for range 20 {
		if _, again, _ := connector.Parse(p); !slices.Equal(first, again) {
			t.Fatalf("%v\n%v", first, again)
		}
	}
}

// A document of a megabyte that has nothing to do with a connector is dealt with at once.
func TestManyUnknownProperties(t *testing.T) {
	p := properties("")
	for n := range 100_000 {
		p[fmt.Sprintf("unheard.of.%d", n)] = "x"
	}
	p[strings.Repeat("x.", 1<<19)] = "x"
	start := time.Now()
	_, warnings, err := connector.Parse(p)
	if took := time.Since(start); err != nil || len(warnings) != 100_001 || took > 10*time.Second {
		t.Errorf("%d warnings in %v: %v", len(warnings), took, err)
	}
}
