package connector_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

func TestDefaults(t *testing.T) {
	c, warnings, err := connector.Parse(properties(""))
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	a := c.APIs[0]
	a.RetryOn = nil
	c.APIs = nil
	if want := (connector.Config{
		Name: "things", Class: "HttpSourceV2", BaseURL: "https://api.example.com/v1", ErrorTopic: "error-things",
	}); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
	if want := (connector.API{
		N: 1, Path: "/things", Topic: "things", Method: "GET", InitialOffset: "0", NextIsURL: true,
		ConnectTimeout: 30 * time.Second, RequestTimeout: 30 * time.Second, MaxRetries: 5, BackoffBase: 3 * time.Second,
		Interval: time.Minute,
	}); !reflect.DeepEqual(a, want) {
		t.Errorf("got %+v\nwant %+v", a, want)
	}
}

// Every spelling of a value means the same.
func TestSpellings(t *testing.T) {
	parse := func(changes string) connector.Config {
		c, _, err := connector.Parse(properties(changes))
		if err != nil {
			t.Errorf("%q: %v", changes, err)
			c.APIs = make([]connector.API, 1)
		}
		return c
	}
	for _, c := range []struct {
		property  string
		spellings []string
		show      func(connector.Config) string
		want      string
	}{
		{"connector.class", []string{"HttpSourceV2", "httpsourcev2", "io.confluent.connect.http.source.GenericHttpSourceConnector"}, func(c connector.Config) string { return c.Class }, "HttpSourceV2"},
		{"output.data.format", []string{"JSON", "json", " Json "}, func(c connector.Config) string { return c.Format.String() }, "JSON"},
		{"behavior.on.error", []string{"IGNORE", "ignore", "Ignore errors", "log"}, func(c connector.Config) string { return c.OnError.String() }, "IGNORE"},
		{"errors.tolerance", []string{"all", "ALL"}, func(c connector.Config) string { return c.Tolerance.String() }, "all"},
		{"report.errors.as", []string{"http_response", "HTTP_RESPONSE", "Http response", "http-response"}, func(c connector.Config) string { return c.ReportAs.String() }, "http_response"},
		{"report.errors.as", []string{"Error string", "ERROR_STRING", "error_string"}, func(c connector.Config) string { return c.ReportAs.String() }, "Error string"},
		{"reporter.error.topic.value.format", []string{"string", "STRING"}, func(c connector.Config) string { return c.ReportFormat.String() }, "string"},
		{"auth.type", []string{"NONE", "none", "None"}, func(c connector.Config) string { return c.Auth.Type.String() }, "NONE"},
		{"api1.retry.backoff.policy", []string{"CONSTANT_VALUE", "Constant value"}, func(c connector.Config) string { return c.APIs[0].Backoff.String() }, "CONSTANT_VALUE"},
		{"api1.http.offset.mode", []string{"SIMPLE_INCREMENTING", "Simple incrementing", "simple_incrementing"}, func(c connector.Config) string { return c.APIs[0].Mode.String() }, "SIMPLE_INCREMENTING"},
		{"producer.override.compression.type", []string{"zstd", "ZSTD"}, func(c connector.Config) string { return c.Compression }, "zstd"},
		{"producer.override.compression.type", []string{"none", ""}, func(c connector.Config) string { return c.Compression }, ""},
		{"tasks.max", []string{"2", " 2 ", "+2"}, func(c connector.Config) string { return fmt.Sprint(c.TasksMax) }, "2"},
	} {
		for _, s := range c.spellings {
			if got := c.show(parse(c.property + "=" + s)); got != c.want {
				t.Errorf("%s=%s gives %q, want %q", c.property, s, got, c.want)
			}
		}
	}
}

func TestTimestampSpellings(t *testing.T) {
	for _, c := range []struct {
		property, value string
		format          connector.TimestampFormat
		unit            connector.IntervalUnit
		interval        int64
	}{
		{"timestamp.format", "Unix Timestamp Milliseconds", connector.UnixMillis, connector.Seconds, 86400},
		{"http.timestamp.format", "UNIX_TIMESTAMP_MILLISECONDS", connector.UnixMillis, connector.Seconds, 86400},
		{"timestamp.format", "UNIX_TIMESTAMP_SECONDS", connector.UnixSeconds, connector.Seconds, 86400},
		{"timestamp.interval.format", "DAYS", connector.UnixMillis, connector.Days, 1},
		{"http.timestamp.interval.format", "Days", connector.UnixMillis, connector.Days, 1},
		{"http.timestamp.interval", "60", connector.UnixMillis, connector.Seconds, 60},
	} {
		w := api(t, windows+"api1.initial.start.timestamp.value=1704067200\napi1."+c.property+"="+c.value).Window
		if w.Format != c.format || w.Unit != c.unit || w.Interval != c.interval {
			t.Errorf("%s=%s: %+v", c.property, c.value, w)
		}
	}
	w := api(t, windows+"api1.timestamp.format=ISO 8601\napi1.initial.start.timestamp.value=2022-01-01T14:30:00+05:30").Window
	if w.Format != connector.ISO8601 {
		t.Errorf("%+v", w)
	}
	w = api(t, windows+"api1.timestamp.format=Simple Date Format\napi1.timestamp.interval.format=Days\n"+
		"api1.http.timestamp.interval=7\napi1.initial.start.timestamp.value=2024-01-01\napi1.initial.end.timestamp.value=2024-01-08").Window
	if w.Format != connector.SimpleDate || w.Interval != 7 || w.End != "2024-01-08" {
		t.Errorf("%+v", w)
	}
}

func TestModes(t *testing.T) {
	for _, c := range []struct {
		changes  string
		mode     connector.Mode
		ordering connector.Ordering
		windows  bool
	}{
		{"", connector.SimpleIncrementing, connector.OrderingNone, false},
		{chaining, connector.Chaining, connector.OrderingNone, false},
		{cursor, connector.CursorPagination, connector.OrderingNone, false},
		{windows, connector.CursorPagination, connector.OrderingNone, true},
		{global, connector.Chaining, connector.OrderingGlobal, true},
		{relative, connector.Chaining, connector.OrderingRelative, true},
		{snapshot, connector.SnapshotPagination, connector.OrderingNone, false},
	} {
		a := api(t, c.changes)
		if a.Mode != c.mode || a.Ordering != c.ordering || (a.Window != nil) != c.windows {
			t.Errorf("%q: %v %v %+v", c.changes, a.Mode, a.Ordering, a.Window)
		}
	}
	if a := api(t, chaining+"api1.http.offset.json.pointer="); a.Offset == nil || a.Offset.String() != "" {
		t.Errorf("an empty offset pointer is the record itself, got %v", a.Offset)
	}
}

func TestLists(t *testing.T) {
	a := api(t, "api1.http.request.headers=Content-Type: application/json; x=1:2|X-Time:12:30| |accept:a|Connection: close\n"+
		"api1.http.request.sensitive.headers=Accept: secret|X-Key:k\n"+
		"api1.http.request.parameters=jql=order by created asc&page[size]=2&flag&a==b\n"+
		"api1.http.path.parameters=owner:acme|repo:wid:gets\napi1.http.api.path=/${owner}/{repo}")
	if want := []connector.Pair{{"Content-Type", "application/json; x=1:2"}, {"X-Time", "12:30"}}; !slices.Equal(a.Headers, want) {
		t.Errorf("headers %q", a.Headers)
	}
	if want := []connector.SecretPair{{"Accept", connector.NewSecret("secret")}, {"X-Key", connector.NewSecret("k")}}; !slices.Equal(a.SensitiveHeaders, want) {
		t.Errorf("sensitive headers %v", a.SensitiveHeaders)
	}
	if want := []connector.Pair{{"jql", "order by created asc"}, {"page[size]", "2"}, {"flag", ""}, {"a", "=b"}}; !slices.Equal(a.Parameters, want) {
		t.Errorf("parameters %q", a.Parameters)
	}
	if want := []connector.Pair{{"owner", "acme"}, {"repo", "wid:gets"}}; !slices.Equal(a.PathParameters, want) {
		t.Errorf("path parameters %q", a.PathParameters)
	}
	a = api(t, "api1.http.request.headers=A: 1;B: 2\napi1.http.request.headers.separator=;\n"+
		"api1.http.request.parameters=a=${offset}&b|c=d\napi1.http.request.parameters.separator=|")
	if len(a.Headers) != 2 || !slices.Equal(a.Parameters, []connector.Pair{{"a", "${offset}&b"}, {"c", "d"}}) {
		t.Errorf("other separators: %q %q", a.Headers, a.Parameters)
	}
}

func TestWhitelistAndErrorTopic(t *testing.T) {
	c, _, err := connector.Parse(properties("connector.egress.whitelist= CDN.example.com , 192.0.2.0/24,2001:db8::1,\nreporter.error.topic.name=e.${connector}.x"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Whitelist, []string{"cdn.example.com", "192.0.2.0/24", "2001:db8::1"}) || c.ErrorTopic != "e.things.x" {
		t.Errorf("%q %q", c.Whitelist, c.ErrorTopic)
	}
}

func TestStatusRanges(t *testing.T) {
	for _, c := range []struct {
		text    string
		yes, no []int
	}{
		{"400-", []int{400, 401, 599, 600, 999}, []int{399}},
		{"400-500", []int{400, 500}, []int{501, 504}},
		{" 404 , 408,500- ", []int{404, 408, 500, 599}, []int{400, 403, 401}},
		{"503", []int{503}, []int{500, 504}},
		{"", nil, []int{401, 500}},
		{"500-999", []int{999}, nil},
	} {
		ranges, err := connector.ParseStatusRanges(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		for _, code := range c.yes {
			if !ranges.Contains(code) {
				t.Errorf("%q does not contain %d", c.text, code)
			}
		}
		for _, code := range c.no {
			if ranges.Contains(code) {
				t.Errorf("%q contains %d", c.text, code)
			}
		}
	}
	for _, bad := range []string{"500-400", "abc", "-500", "4xx", "99", "600", "400,,500", "400-1000", "0400", "4 x"} {
		if _, err := connector.ParseStatusRanges(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, text := range []string{"", "503"} {
		if a := api(t, "api1.retry.on.status.codes="+text); !a.RetryOn.Contains(401) || !a.RetryOn.Contains(504) || a.RetryOn.Contains(500) {
			t.Errorf("%q: %v", text, a.RetryOn)
		}
	}
}

func TestTasks(t *testing.T) {
	for _, c := range []struct {
		apis, max int
		want      [][]int
	}{
		{3, 0, [][]int{{1}, {2}, {3}}},
		{3, 1, [][]int{{1, 2, 3}}},
		{5, 2, [][]int{{1, 3, 5}, {2, 4}}},
		{2, 9, [][]int{{1}, {2}}},
	} {
		config := connector.Config{TasksMax: c.max}
		for n := 1; n <= c.apis; n++ {
			config.APIs = append(config.APIs, connector.API{N: n})
		}
		var got [][]int
		for _, task := range connector.Tasks(config) {
			got = append(got, task.APIs)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d APIs, tasks.max %d: %v, want %v", c.apis, c.max, got, c.want)
		}
	}
	if id := connector.TransactionalID("headwater", "things", 0); id != "headwater-things-0" {
		t.Error(id)
	}
}

func TestMask(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"connection.password":                       {"p", "***"},
		"bearer.token":                              {"${file:/etc/s.properties:token}", "${file:/etc/s.properties:token}"},
		"oauth2.client.secret":                      {"x${env:A}", "***"},
		"api.key.value":                             {"${env:A}", "${env:A}"},
		"kafka.api.secret":                          {"", ""},
		"api1.http.request.sensitive.headers":       {"A:b|C:d", "***"},
		"api12.http.request.sensitive.headers":      {"A:b", "***"},
		"api1.http.request.headers":                 {"A:b", "A:b"},
		"api1.http.offset.json.primary.key.pointer": {"/id", "/id"},
		"key.converter":                             {"x", "x"},
		"value.converter.basic.auth.user.info":      {"u:p", "***"},
		"producer.override.sasl.jaas.config":        {"x", "***"},
		"transforms.createKey.type":                 {"x", "x"},
		"transforms.x.secretKey":                    {"x", "***"},
		"oauth2.jwt.keystore":                       {"x", "***"},
		"my.clientSecret":                           {"x", "***"},
		"someToken":                                 {"x", "***"},
		"api1.my.password":                          {"x", "***"},
		"unknown.but.plain":                         {"x", "x"},
		"tasks.max":                                 {"1", "1"},
	} {
		in := map[string]string{name: c.value}
		if got := connector.Mask(in)[name]; got != c.want || in[name] != c.value {
			t.Errorf("%s=%s shows as %s, want %s", name, c.value, got, c.want)
		}
	}
}

func TestTimestampParse(t *testing.T) {
	want := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, format := range map[string]connector.TimestampFormat{
		"1704067200000": connector.UnixMillis, "1704067200": connector.UnixSeconds, "2024-01-01": connector.SimpleDate,
		"2024-01-01T00:00:00Z": connector.ISO8601, "2024-01-01T05:30:00+05:30": connector.ISO8601,
		"2024-01-01T00:00:00.000Z": connector.ISO8601, "2024-01-01T01:00:00+0100": connector.ISO8601,
	} {
		if got, err := format.Parse(text); err != nil || !got.Equal(want) {
			t.Errorf("%s as %v: %v %v", text, format, got, err)
		}
	}
	for text, format := range map[string]connector.TimestampFormat{
		"": connector.UnixMillis, "x": connector.UnixSeconds, "253402300800": connector.UnixSeconds, "2024-1-1": connector.SimpleDate,
		"2024-01-01 00:00:00": connector.ISO8601, "2024-13-01": connector.SimpleDate,
	} {
		if got, err := format.Parse(text); err == nil {
			t.Errorf("%q as %v is taken: %v", text, format, got)
		}
	}
}
