package connector_test

import (
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
)

const (
	chaining = "api1.http.offset.mode=CHAINING\napi1.http.request.parameters=since=${offset}\napi1.http.offset.json.pointer=/id\n"
	cursor   = "api1.http.offset.mode=CURSOR_PAGINATION\napi1.http.next.page.json.pointer=/next\n-api1.http.initial.offset\n"
	windows  = cursor + "api1.enable.cursor.pagination.with.timestamp.mode=true\napi1.initial.start.timestamp.value=1704067200000\n" +
		"api1.http.request.parameters=from=${start_time}&to=${end_time}\n"
	global = "api1.http.offset.mode=CHAINING\napi1.chaining.with.timestamp.mode=true\napi1.http.offset.json.primary.key.pointer=/id\n" +
		"api1.http.chaining.pagination.parameter.name=starting_after\napi1.initial.start.timestamp.value=1704067200000\n" +
		"api1.http.request.parameters=from=${start_time}&to=${end_time}\n-api1.http.initial.offset\n"
	relative = "api1.http.offset.mode=CHAINING\napi1.chaining.with.timestamp.mode=true\n" +
		"api1.chaining.with.timestamp.mode.record.ordering=relative\napi1.http.offset.json.pointer=/at\n" +
		"api1.http.offset.json.primary.key.pointer=/id\napi1.http.request.parameters=q=${offset},${primary_key}\n"
	snapshot = "api1.http.offset.mode=SNAPSHOT_PAGINATION\n-api1.http.initial.offset\napi1.http.offset.json.pointer=/id\n"
)

// One fault each: what is changed in a good configuration, the property it must name, the value it must show, a word of its
// hint.
var faultCases = []struct{ changes, property, value, hint string }{
	{"-name", "name", "", "set name"},
	{"name=my things", "name", "my things", "my-things"},
	{"name=" + strings.Repeat("x", 65), "name", strings.Repeat("x", 65), "at most 64"},
	{"name=../x", "name", "../x", "letter"},
	{"-connector.class", "connector.class", "", "HttpSourceV2"},
	{"connector.class=HttpSource", "connector.class", "HttpSource", "did you mean HttpSourceV2"},
	{"tasks.max=0", "tasks.max", "0", "at least 1"},
	{"tasks.max=two", "tasks.max", "two", "whole number"},
	{"apis.num=16", "apis.num", "16", "from 1 to 15"},
	{"-http.api.base.url", "http.api.base.url", "", "https://"},
	{"http.api.base.url=api.example.com", "http.api.base.url", "api.example.com", "https://api.example.com/v1"},
	{"http.api.base.url=ftp://x/", "http.api.base.url", "ftp://x/", "https://"},
	{"http.api.base.url=https://u:p@x/", "http.api.base.url", "***", "connection.user"},
	{"http.api.base.url=https://x/?a=b", "http.api.base.url", "https://x/?a=b", "http.request.parameters"},
	{"http.api.base.url=https://x:99999/", "http.api.base.url", "https://x:99999/", "65535"},
	{"http.api.base.url=https://${host}/", "http.api.base.url", "https://${host}/", "placeholders"},
	{"-output.data.format", "output.data.format", "", "output.data.format=JSON"},
	{"output.data.format=avro", "output.data.format", "avro", "output.data.format=JSON"},
	{"output.data.format=XML", "output.data.format", "XML", "JSON"},
	{"data.format=AVRO\n-output.data.format", "data.format", "AVRO", "output.data.format=JSON"},
	{"data.format=AVRO", "output.data.format", "JSON", "keep one"},
	{"behavior.on.error=stop", "behavior.on.error", "stop", "FAIL"},
	{"errors.tolerance=some", "errors.tolerance", "some", "none"},
	{"report.errors.as=text", "report.errors.as", "text", "http_response"},
	{"reporter.error.topic.name=a b", "reporter.error.topic.name", "a b", "249"},
	{"reporter.error.topic.name=e-${topic}", "reporter.error.topic.name", "e-${topic}", "249"},
	{"reporter.error.topic.value.format=avro", "reporter.error.topic.value.format", "avro", "json"},
	{"auth.type=OAUTH2", "auth.type", "OAUTH2", "BASIC"},
	{"auth.type=api_key", "auth.type", "api_key", "sensitive.headers"},
	{"auth.type=BASIC\nconnection.password=p", "connection.user", "", "connection.user"},
	{"auth.type=BASIC\nconnection.user=a:b\nconnection.password=p", "connection.user", "a:b", "connection.password"},
	{"auth.type=BEARER", "bearer.token", "", "bearer.token"},
	{"auth.type=BEARER\nbearer.token=a\\nb", "bearer.token", "***", "remove"},
	{"auth.type=BEARER\nbearer.token=***", "bearer.token", "***", "provider reference"},
	{"connector.egress.whitelist=a.example.com,https://b", "connector.egress.whitelist", "a.example.com,https://b", "without scheme"},
	{"connector.egress.whitelist=*.example.com", "connector.egress.whitelist", "*.example.com", "wildcards"},
	{"producer.override.compression.type=brotli", "producer.override.compression.type", "brotli", "zstd"},
	{"api.chaining.parent.child.relationship=api1::api2", "api.chaining.parent.child.relationship", "api1::api2", "raise apis.num"},
	{"transforms=a", "transforms", "a", "leave it out"},
	{"http.proxy.host=proxy", "http.proxy.host", "proxy", "leave it out"},
	{"https.ssl.enabled=true", "https.ssl.enabled", "true", "leave it out"},
	{"https.ssl.truststorefile=QUJD", "https.ssl.truststorefile", "***", "leave it out"},
	{"open.api.spec.url=https://x/api.json", "open.api.spec.url", "https://x/api.json", "by hand"},
	{"connection.disallow.private.ips=true", "connection.disallow.private.ips", "true", "egress.profile"},
	{"offsets.storage.topic=mine", "offsets.storage.topic", "mine", "offset.storage.topic"},
	{"transaction.boundary=interval", "transaction.boundary", "interval", "whole pages"},
	{"csfle.enabled=true", "csfle.enabled", "true", "leave it out"},

	{"-api1.topics", "api1.topics", "", "249"},
	{"api1.topics=a,b", "api1.topics", "a,b", "one topic"},
	{"api1.topics=a b", "api1.topics", "a b", "249"},
	{"api1.http.request.method=PUT", "api1.http.request.method", "PUT", "POST"},
	{"api1.http.request.headers=Accept", "api1.http.request.headers", "Accept", "separator"},
	{"api1.http.request.headers=A b: c", "api1.http.request.headers", "A b: c", "letters"},
	{"api1.http.request.headers=Accept: a\\nb", "api1.http.request.headers", "Accept: a\nb", "remove"},
	{"api1.http.request.headers=Authorization: Basic x|y", "api1.http.request.headers", "***", "separator"},
	{"api1.http.request.sensitive.headers=X-API-KEY", "api1.http.request.sensitive.headers", "***", "separator"},
	{"api1.http.request.sensitive.headers=X-K: ${x}", "api1.http.request.sensitive.headers", "***", "${offset}"},
	{"api1.http.path.parameters=owner", "api1.http.path.parameters", "owner", "name:value"},
	{"api1.http.request.parameters==5", "api1.http.request.parameters", "=5", "name=value"},
	{"api1.http.api.path=/${id}/x", "api1.http.api.path", "/${id}/x", "${offset}"},
	{"api1.http.api.path=/${env:X}/x", "api1.http.api.path", "/${env:X}/x", "config.providers"},
	{"api1.http.api.path=/${start_time}", "api1.http.api.path", "/${start_time}", "${offset}"},
	{"api1.http.offset.mode=PAGES", "api1.http.offset.mode", "PAGES", "SIMPLE_INCREMENTING"},
	{"-api1.http.initial.offset", "api1.http.initial.offset", "", "set api1.http.initial.offset"},
	{"api1.http.initial.offset=first", "api1.http.initial.offset", "first", "number"},
	{"api1.http.initial.offset=99999999999999999999", "api1.http.initial.offset", "99999999999999999999", "number"},
	{"api1.http.response.data.json.pointer=items", "api1.http.response.data.json.pointer", "items", "/data/items"},
	{"api1.http.connect.timeout.ms=0", "api1.http.connect.timeout.ms", "0", "600000"},
	{"api1.http.request.timeout.ms=600001", "api1.http.request.timeout.ms", "600001", "600000"},
	{"api1.max.retries=5001", "api1.max.retries", "5001", "5000"},
	{"api1.retry.backoff.ms=19", "api1.retry.backoff.ms", "19", "20"},
	{"api1.retry.backoff.policy=LINEAR", "api1.retry.backoff.policy", "LINEAR", "CONSTANT_VALUE"},
	{"api1.retry.on.status.codes=400-,4xx", "api1.retry.on.status.codes", "400-,4xx", "404,408,500-"},
	{"api1.request.interval.ms=-1", "api1.request.interval.ms", "-1", "at least 0"},
	{"api1.request.interval.ms=9999999999", "api1.request.interval.ms", "9999999999", "at least 0"},
	{"api1.is.next.page.token.absolute.url=1", "api1.is.next.page.token.absolute.url", "1", "true or false"},
	{"api1.http.response.schema.enforce=STRICT", "api1.http.response.schema.enforce", "STRICT", "leave it out"},
	{"api1.http.response.schema={}", "api1.http.response.schema", "{}", "leave it out"},
	{"apis.num=2", "api2.topics", "", "249"}, // and its initial offset

	{chaining + "-api1.http.offset.json.pointer", "api1.http.offset.json.pointer", "", "set"},
	{chaining + "-api1.http.initial.offset", "api1.http.initial.offset", "", "set"},
	{chaining + "api1.http.offset.json.pointer=id", "api1.http.offset.json.pointer", "id", "/data/items"},
	{chaining + "api1.http.request.parameters=k=${primary_key}&o=${offset}", "api1.http.request.parameters", "k=${primary_key}&o=${offset}", "${offset}"},
	{cursor + "-api1.http.next.page.json.pointer", "api1.http.next.page.json.pointer", "", "set"},
	{cursor + "api1.is.next.page.token.absolute.url=false", "api1.http.cursor.pagination.parameter.name", "", "${offset}"},
	{windows + "-api1.initial.start.timestamp.value", "api1.initial.start.timestamp.value", "", "set"},
	{windows + "api1.initial.start.timestamp.value=2024-01-01", "api1.initial.start.timestamp.value", "2024-01-01", "1704067200000"},
	{windows + "api1.initial.end.timestamp.value=1704067100000", "api1.initial.end.timestamp.value", "1704067100000", "later"},
	{windows + "api1.timestamp.format=rfc1123", "api1.timestamp.format", "rfc1123", "ISO8601"},
	{windows + "api1.timestamp.format=ISO8601\napi1.http.timestamp.format=UNIX_TIMESTAMP_SECONDS", "api1.timestamp.format", "ISO8601", "keep one"},
	{windows + "api1.timestamp.format=SIMPLE_DATE_FORMAT\napi1.initial.start.timestamp.value=2024-01-01", "api1.timestamp.interval.format", "", "Days"},
	{windows + "api1.timestamp.interval.format=DAYS\napi1.http.timestamp.interval=86400", "api1.http.timestamp.interval", "86400", "days"},
	{windows + "api1.http.timestamp.interval=0", "api1.http.timestamp.interval", "0", "from 1"},
	{windows + "api1.time.range.request.delay=600001", "api1.time.range.request.delay", "600001", "600000"},
	{windows + "api1.http.timestamp.json.pointer=at", "api1.http.timestamp.json.pointer", "at", "/data/items"},
	{global + "-api1.http.offset.json.primary.key.pointer", "api1.http.offset.json.primary.key.pointer", "", "set"},
	{global + "-api1.http.chaining.pagination.parameter.name", "api1.http.chaining.pagination.parameter.name", "", "set"},
	{global + "-api1.initial.start.timestamp.value", "api1.initial.start.timestamp.value", "", "set"},
	{global + "api1.chaining.with.timestamp.mode.record.ordering=both", "api1.chaining.with.timestamp.mode.record.ordering", "both", "Global"},
	{relative + "-api1.http.offset.json.pointer", "api1.http.offset.json.pointer", "", "set"},
	{relative + "-api1.http.offset.json.primary.key.pointer", "api1.http.offset.json.primary.key.pointer", "", "set"},
	{relative + "-api1.http.initial.offset", "api1.http.initial.offset", "", "set"},
	{snapshot + "-api1.http.offset.json.pointer", "api1.http.offset.json.pointer", "", "set"},
}

func TestEveryFaultNamesPropertyValueAndHint(t *testing.T) {
	for _, c := range faultCases {
		_, _, err := connector.Parse(properties(c.changes))
		all := faults(err)
		if len(all) == 0 {
			t.Errorf("%q: no fault", c.changes)
			continue
		}
		f := all[0]
		if f.Property != c.property || f.Value != c.value || !strings.Contains(f.Hint, c.hint) || f.Problem == "" {
			t.Errorf("%q: %s=%q: %s (%s), want %s=%q (… %s …)", c.changes, f.Property, f.Value, f.Problem, f.Hint, c.property, c.value, c.hint)
		}
		if text := err.Error(); !strings.Contains(text, f.Property) || !strings.Contains(text, f.Hint) {
			t.Errorf("%q: error text %q lacks property or hint", c.changes, text)
		}
		if len(all) > 1 && c.changes != "apis.num=2" {
			t.Errorf("%q: more than one fault: %v", c.changes, err)
		}
	}
}

func TestGoodModesHaveNoFault(t *testing.T) {
	for _, changes := range []string{"", chaining, cursor, windows, global, relative, snapshot} {
		if _, _, err := connector.Parse(properties(changes)); err != nil {
			t.Errorf("%q: %v", changes, err)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, _, err := connector.Parse(properties("name=a b\ntasks.max=0\napi1.topics=\napi1.max.retries=x\n" + "api1.http.offset.mode=CHAINING"))
	want := "name tasks.max api1.topics api1.max.retries api1.http.offset.json.pointer"
	if got := strings.Join(names(faults(err)), " "); got != want {
		t.Errorf("faults of %q, want %q", got, want)
	}
}

// A secret must not come out of Parse in any way but Reveal, whatever is wrong with it or beside it.
func TestNoSecretInFaultsAndWarnings(t *testing.T) {
	const canary = "c4nary"
	written := properties("auth.type=BASIC\nconnection.user=u:${file:/s:a}\nconnection.password=" + canary + "\n" +
		"bearer.token=" + canary + "\nmy.password=" + canary + "\napi1.http.request.headers=Authorization: " + canary + "|x\n" +
		"api1.http.request.sensitive.headers=K " + canary + "\napi1.http.api.path=${file:/s:b}\ntasks.max=${file:/s:c}\n" +
		"api1.retry.on.status.codes=${file:/s:d}\nhttp.api.base.url=https://u:" + canary + "@x\n")
	resolved := properties("")
	for name, value := range written {
		resolved[name] = value
		if strings.Contains(value, "${file:") {
			resolved[name] = canary + ":${" + canary + "}"
		}
	}
	_, warnings, err := connector.ParseResolved(written, resolved)
	if len(faults(err)) < 6 {
		t.Errorf("too few faults: %v", err)
	}
	text := err.Error()
	for _, w := range warnings {
		text += "\n" + w.String()
	}
	if strings.Contains(text, canary) {
		t.Errorf("the secret shows:\n%s", text)
	}
	if !strings.Contains(text, "${file:/s:c}") {
		t.Errorf("the reference does not show:\n%s", text)
	}
}
