package poll

import (
	"strconv"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
)

// The worked examples A to O of the specification. Where they would repeat records they are overridden, because what was
// emitted is remembered: E (an inclusive bound), G and H (a last page), F and J (the same, which there shows in what is
// stored only). Every page is one transaction, so that only the offset of its last record is stored.

func TestExampleAGitHubIssues(t *testing.T) {
	script{
		api: connector.API{Path: "/repos/acme/widgets/issues/${offset}", InitialOffset: "1"},
		exchanges: []exchange{
			{ask: "/repos/acme/widgets/issues/1", reply: `{"id":101}`, emit: "101", stored: "1 next=2"},
			{ask: "/repos/acme/widgets/issues/2", reply: `{"id":102}`, emit: "102", stored: "2 next=3"},
			{ask: "/repos/acme/widgets/issues/3", reply: `{"id":103}`, emit: "103", stored: "3 next=4"},
			{patch: "10"},
			{ask: "/repos/acme/widgets/issues/10", reply: `{"id":110}`, emit: "110", stored: "10 next=11"},
		},
	}.play(t)
}

func TestExampleBConfluence(t *testing.T) {
	script{
		api: connector.API{
			Path: "/wiki/rest/api/space", Parameters: params("start=${offset}&limit=1"), InitialOffset: "0", Data: *pointer("/results"),
		},
		exchanges: []exchange{
			{ask: "/wiki/rest/api/space?start=0&limit=1", reply: `{"results":["A"]}`, emit: "A", stored: "0 next=1"},
			{ask: "/wiki/rest/api/space?start=1&limit=1", reply: `{"results":["B"]}`, emit: "B", stored: "1 next=2"},
			{ask: "/wiki/rest/api/space?start=2&limit=1", reply: `{"results":[]}`, stored: "1 next=2", reason: EndOfStream},
			{ask: "/wiki/rest/api/space?start=2&limit=1", reply: `{"results":["C"]}`, emit: "C", stored: "2 next=3"},
		},
	}.play(t)
}

func TestExampleCJiraClassic(t *testing.T) {
	api := connector.API{
		Path: "/rest/api/2/search", Parameters: params("jql=order by created asc&startAt=${offset}&maxResults=50"),
		InitialOffset: "0", Data: *pointer("/issues"),
	}
	ask := "/rest/api/2/search?jql=order%20by%20created%20asc&startAt="
	script{api: api, exchanges: []exchange{
		{ask: ask + "0&maxResults=50", reply: `{"issues":` + ids(1, 50) + `}`, emit: list(1, 50), stored: "49 next=50"},
		{ask: ask + "50&maxResults=50", reply: `{"issues":` + ids(51, 100) + `}`, emit: list(51, 100), stored: "99 next=100"},
		{ask: ask + "100&maxResults=50", reply: `{"issues":` + ids(101, 107) + `}`, emit: list(101, 107), stored: "106 next=107"},
		{ask: ask + "107&maxResults=50", reply: `{"issues":[]}`, stored: "106 next=107", reason: EndOfStream},
		{ask: ask + "107&maxResults=50", reply: `{"issues":[]}`, stored: "106 next=107", reason: EndOfStream},
	}}.play(t)
}

func TestExampleDElasticsearch(t *testing.T) {
	api := connector.API{
		Path: "/test-index/_search", Method: "POST", Mode: connector.Chaining, InitialOffset: "1647948000000",
		Headers: []connector.Pair{{Name: "Content-Type", Value: "application/json"}},
		Body:    `{"size":2,"sort":[{"@time":"asc"}],"search_after":[${offset}]}`,
		Data:    *pointer("/hits/hits"), Offset: pointer("/sort/0"),
	}
	body := func(offset string) string {
		return `{"size":2,"sort":[{"@time":"asc"}],"search_after":[` + offset + `]}`
	}
	hits := func(sorts ...string) string {
		var out []string
		for _, s := range sorts {
			out = append(out, `{"id":"h`+s[7:9]+`","sort":[`+s+`]}`)
		}
		return `{"hits":{"hits":[` + strings.Join(out, ",") + `]}}`
	}
	script{api: api, exchanges: []exchange{
		{
			ask: "/test-index/_search", body: body("1647948000000"), reply: hits("1647948010000", "1647948020000"),
			emit: "h01 h02", stored: "1647948020000 seen=1",
		},
		{
			ask: "/test-index/_search", body: body("1647948020000"), reply: hits("1647948030000"),
			emit: "h03", stored: "1647948030000 seen=1",
		},
		{ask: "/test-index/_search", body: body("1647948030000"), reply: hits(), stored: "1647948030000 seen=1", reason: EndOfStream},
		{
			ask: "/test-index/_search", body: body("1647948030000"), reply: hits("1647948045000"),
			emit: "h04", stored: "1647948045000 seen=1",
		},
		{patch: "1647948010000"},
		{
			ask: "/test-index/_search", body: body("1647948010000"), reply: hits("1647948020000", "1647948030000"),
			emit: "h02 h03", stored: "1647948030000 seen=1",
		},
	}}.play(t)
}

func TestExampleEInclusiveFilter(t *testing.T) {
	api := connector.API{
		Path: "/api/v1/logs", Parameters: params("since=${offset}&sortOrder=ASCENDING&limit=100"), Mode: connector.Chaining,
		InitialOffset: "2024-01-01T00:00:00Z", Offset: pointer("/published"),
	}
	at := func(id, time string) string { return `{"id":"` + id + `","published":"` + time + `"}` }
	a, b, c := at("a", "2024-01-02T08:15:01Z"), at("b", "2024-01-02T08:15:02.1Z"), at("c", "2024-01-02T08:16:00Z")
	twin := at("twin", "2024-01-02T08:16:00Z")
	logs := func(since string) string {
		return "/api/v1/logs?since=" + strings.ReplaceAll(since, ":", "%3A") + "&sortOrder=ASCENDING&limit=100"
	}
	script{api: api, exchanges: []exchange{
		{ask: logs("2024-01-01T00:00:00Z"), reply: "[" + a + "," + b + "]", emit: "a b", stored: "2024-01-02T08:15:02.1Z seen=1"},
		{ask: logs("2024-01-02T08:15:02.1Z"), reply: "[" + b + "," + c + "]", emit: "c", stored: "2024-01-02T08:16:00Z seen=1"},
		{ask: logs("2024-01-02T08:16:00Z"), reply: "[" + c + "]", stored: "2024-01-02T08:16:00Z seen=1", reason: NothingNew},
		{ask: logs("2024-01-02T08:16:00Z"), reply: "[" + c + "," + twin + "]", emit: "twin", stored: "2024-01-02T08:16:00Z seen=2"},
		{ask: logs("2024-01-02T08:16:00Z"), reply: "[" + twin + "," + c + "]", stored: "2024-01-02T08:16:00Z seen=2", reason: NothingNew},
	}}.play(t)
}

func TestExampleFZendeskToken(t *testing.T) {
	path := "/api/v2/users/1/tickets/assigned"
	api := connector.API{
		Path: path, Parameters: params("page[size]=2"), Mode: connector.CursorPagination, CursorParameter: "page[after]",
		Data: *pointer("/tickets"), NextPage: pointer("/meta/after_cursor"),
	}
	page := func(next string, ids ...string) string {
		return `{"tickets":[` + strings.Join(ids, ",") + `],"meta":{"has_more":false,"after_cursor":` + next + `}}`
	}
	ask := path + "?page%5Bsize%5D=2"
	script{api: api, exchanges: []exchange{
		{ask: ask, reply: page(`"AAA=="`, `"t1"`, `"t2"`), emit: "t1 t2", stored: "AAA=="},
		{ask: ask + "&page%5Bafter%5D=AAA%3D%3D", reply: page(`"BBB=="`, `"t3"`), emit: "t3", stored: "BBB=="},
		{ask: ask + "&page%5Bafter%5D=BBB%3D%3D", reply: page(`null`), stored: "BBB==", reason: EndOfStream},
		{ask: ask + "&page%5Bafter%5D=BBB%3D%3D", reply: page(`"CCC=="`, `"t4"`), emit: "t4", stored: "CCC=="},
		{patch: "AAA=="},
		{ask: ask + "&page%5Bafter%5D=AAA%3D%3D", reply: page(`"BBB=="`, `"t3"`), emit: "t3", stored: "BBB=="},
	}}.play(t)
}

func TestExampleGGoogleStorage(t *testing.T) {
	path := "/storage/v1/b/test-bucket/o"
	api := connector.API{
		Path: path, Parameters: params("pageToken=${offset}"), Mode: connector.CursorPagination, NextIsURL: true,
		Data: *pointer("/items"), NextPage: pointer("/nextPageToken"),
	}
	items := func(next string, from, to int) string { return `{"items":` + ids(from, to) + next + `}` }
	script{api: api, exchanges: []exchange{
		{ask: path + "?pageToken=", reply: items(`,"nextPageToken":"T2"`, 1, 5), emit: list(1, 5), stored: "T2"},
		{ask: path + "?pageToken=T2", reply: items(`,"nextPageToken":"T3"`, 6, 10), emit: list(6, 10), stored: "T3"},
		{ask: path + "?pageToken=T3", reply: items(``, 11, 15), emit: list(11, 15), stored: "T3 seen=5", reason: EndOfStream},
		{ask: path + "?pageToken=T3", reply: items(``, 11, 15), stored: "T3 seen=5", reason: EndOfStream},
		{ask: path + "?pageToken=T3", reply: `{}`, stored: "T3 seen=5", reason: EndOfStream},
		{ask: path + "?pageToken=T3", reply: items(`,"nextPageToken":"T4"`, 11, 16), emit: "16", stored: "T4"},
		{ask: path + "?pageToken=T4", reply: items(``, 17, 17), emit: "17", stored: "T4 seen=1", reason: EndOfStream},
	}}.play(t)
}

func TestExampleHJiraCloud(t *testing.T) {
	path := "/rest/api/3/search/jql"
	api := connector.API{
		Path: path, Parameters: params("jql=project=X&maxResults=50"), Mode: connector.CursorPagination,
		CursorParameter: "nextPageToken", Data: *pointer("/issues"), NextPage: pointer("/nextPageToken"),
	}
	ask := path + "?jql=project=X&maxResults=50"
	last := `{"issues":` + ids(101, 112) + `,"isLast":true}`
	script{api: api, exchanges: []exchange{
		{ask: ask, reply: `{"nextPageToken":"t1","issues":` + ids(1, 50) + `}`, emit: list(1, 50), stored: "t1"},
		{ask: ask + "&nextPageToken=t1", reply: `{"nextPageToken":"t2","issues":` + ids(51, 100) + `}`, emit: list(51, 100), stored: "t2"},
		{ask: ask + "&nextPageToken=t2", reply: last, emit: list(101, 112), stored: "t2 seen=12", reason: EndOfStream},
		{ask: ask + "&nextPageToken=t2", reply: last, stored: "t2 seen=12", reason: EndOfStream},
	}}.play(t)
}

func TestExampleIZendeskAbsolute(t *testing.T) {
	base := "https://acme.zendesk.com/api/v2"
	u1, u2, u3 := base+"/t.json?page%5Bafter%5D=U1&page[size]=2", base+"/t.json?page[after]=U2", base+"/t.json?page[after]=U3"
	api := connector.API{
		Path: "/t.json", Parameters: params("page[size]=2"), Mode: connector.CursorPagination, NextIsURL: true,
		Data: *pointer("/tickets"), NextPage: pointer("/links/next"),
	}
	page := func(next string, ids ...string) string {
		return `{"tickets":[` + strings.Join(ids, ",") + `],"links":{"next":` + next + `}}`
	}
	script{base: base, api: api, exchanges: []exchange{
		{ask: "/t.json?page%5Bsize%5D=2", reply: page(`"`+u1+`"`, `"t1"`, `"t2"`), emit: "t1 t2", stored: u1},
		{ask: u1, reply: page(`"`+u2+`"`, `"t3"`), emit: "t3", stored: u2},
		{ask: u2, reply: page(`null`), stored: u2, reason: EndOfStream},
		{ask: u2, reply: page(`"`+u3+`"`, `"t4"`), emit: "t4", stored: u3},
	}}.play(t)
}

func TestExampleJFragment(t *testing.T) {
	page := func(next string, from, to int) string { return `{"items":` + ids(from, to) + `,"next":` + next + `}` }
	exchanges := []exchange{
		{ask: "/v1/items?limit=2", reply: page(`"/v1/items?limit=2&after=9"`, 8, 9), emit: "8 9", stored: "/v1/items?limit=2&after=9"},
		{ask: "/v1/items?limit=2&after=9", reply: page(`"/v1/items?limit=2&after=11"`, 10, 11), emit: "10 11", stored: "/v1/items?limit=2&after=11"},
		{ask: "/v1/items?limit=2&after=11", reply: page(`null`, 12, 12), emit: "12", stored: "/v1/items?limit=2&after=11 seen=1", reason: EndOfStream},
	}
	api := connector.API{
		Path: "${offset}", InitialOffset: "/v1/items?limit=2", Mode: connector.CursorPagination, NextIsURL: true,
		Data: *pointer("/items"), NextPage: pointer("/next"),
	}
	t.Run("as the path", func(t *testing.T) { script{api: api, exchanges: exchanges}.play(t) })
	t.Run("resolved", func(t *testing.T) {
		api := api
		api.Path, api.InitialOffset, api.Parameters = "/v1/items", "", params("limit=2")
		script{api: api, exchanges: exchanges}.play(t)
	})
}

func TestExampleKDayWindows(t *testing.T) {
	api := connector.API{
		Path: "/recordings", Parameters: params("from=${start_time}&to=${end_time}"), Mode: connector.CursorPagination,
		CursorParameter: "next_page_token", NextPage: pointer("/next_page_token"), Data: *pointer("/rows"),
		Window: &connector.Window{Start: "2024-01-01", End: "2024-01-08", Format: connector.SimpleDate, Unit: connector.Days, Interval: 7},
	}
	rows := func(next string, from, to int) string {
		return `{"rows":` + ids(from, to) + `,"next_page_token":"` + next + `"}`
	}
	script{api: api, exchanges: []exchange{
		{
			at: "2024-01-20T10:00:00Z", ask: "/recordings?from=2024-01-01&to=2024-01-08",
			reply: rows("x", 1, 300), emit: list(1, 300), stored: "x start=2024-01-01 end=2024-01-08",
		},
		{
			ask: "/recordings?from=2024-01-01&to=2024-01-08&next_page_token=x", reply: rows("", 301, 340),
			emit: list(301, 340), stored: " start=2024-01-08", reason: EndOfWindow,
		},
		{ask: "/recordings?from=2024-01-08&to=2024-01-15", reply: rows("", 1, 0), stored: " start=2024-01-15", reason: EndOfWindow},
		{ask: "-"},
		{at: "2024-01-21T23:59:59Z", ask: "-"},
		{
			at: "2024-01-22T00:00:00Z", ask: "/recordings?from=2024-01-15&to=2024-01-22", reply: rows("", 341, 341), emit: "341",
			stored: " start=2024-01-22", reason: EndOfWindow,
		},
		{ask: "-"},
	}}.play(t)
}

func TestExampleLAbsoluteURLWithWindows(t *testing.T) {
	u1, u2 := "https://api.example.com/v1?u=1", "https://api.example.com/v1?u=2"
	api := connector.API{
		Path: "/v1", Parameters: params("since=${start_time}&until=${end_time}"), Mode: connector.CursorPagination, NextIsURL: true,
		NextPage: pointer("/next"), Data: *pointer("/rows"),
		Window: &connector.Window{Start: "2024-05-01T00:00:00Z", Format: connector.ISO8601, Interval: 3600, Delay: 30e9},
	}
	rows := func(next string, from, to int) string { return `{"rows":` + ids(from, to) + `,"next":` + next + `}` }
	window := "start=2024-05-01T00:00:00Z end=2024-05-01T09:59:30Z"
	script{api: api, exchanges: []exchange{
		{
			at: "2024-05-01T10:00:00Z", ask: "/v1?since=2024-05-01T00%3A00%3A00Z&until=2024-05-01T09%3A59%3A30Z",
			reply: rows(`"`+u1+`"`, 1, 2), emit: "1 2", stored: u1 + " " + window,
		},
		{ask: u1, reply: rows(`"`+u2+`"`, 3, 4), emit: "3 4", stored: u2 + " " + window},
		{at: "2024-05-01T10:05:00Z", ask: u2, reply: rows(`null`, 5, 5), emit: "5", stored: " start=2024-05-01T09:59:30Z", reason: EndOfWindow},
		{
			ask: "/v1?since=2024-05-01T09%3A59%3A30Z&until=2024-05-01T10%3A04%3A30Z", reply: rows(`null`, 6, 6), emit: "6",
			stored: " start=2024-05-01T10:04:30Z", reason: EndOfWindow,
		},
		{ask: "-"},
		{
			at: "2024-05-01T15:00:00Z", ask: "/v1?since=2024-05-01T10%3A04%3A30Z&until=2024-05-01T11%3A04%3A30Z",
			reply: rows(`null`, 1, 0), stored: " start=2024-05-01T11:04:30Z", reason: EndOfWindow,
		},
	}}.play(t)
}

func TestExampleMStripe(t *testing.T) {
	api := connector.API{
		Path: "/v1/charges", Parameters: params("created[gte]=${start_time}&created[lt]=${end_time}&limit=100"),
		Mode: connector.Chaining, Ordering: connector.OrderingGlobal, ChainParameter: "starting_after",
		PrimaryKey: pointer("/id"), Data: *pointer("/data"),
		Window: &connector.Window{Start: "1704067200", End: "1704153600", Format: connector.UnixSeconds, Interval: 86400},
	}
	data := func(from, to int) string {
		return `{"data":` + strings.ReplaceAll(strings.ReplaceAll(ids(from, to), `"id":`, `"id":"ch_`), `}`, `"}`) + `}`
	}
	ch := func(from, to int) string {
		return strings.TrimPrefix(strings.ReplaceAll(" "+list(from, to), " ", " ch_"), " ")
	}
	ask := func(start, end string) string {
		return "/v1/charges?created%5Bgte%5D=" + start + "&created%5Blt%5D=" + end + "&limit=100"
	}
	first := " start=1704067200 end=1704153600"
	script{api: api, exchanges: []exchange{
		{at: "2024-06-01T00:00:00Z", ask: ask("1704067200", "1704153600"), reply: data(1, 100), emit: ch(1, 100), stored: "ch_100" + first},
		{ask: ask("1704067200", "1704153600") + "&starting_after=ch_100", reply: data(101, 130), emit: ch(101, 130), stored: "ch_130" + first},
		{
			ask: ask("1704067200", "1704153600") + "&starting_after=ch_130", reply: `{"data":[]}`,
			stored: " start=1704153600", reason: EndOfWindow,
		},
		{ask: ask("1704153600", "1704240000"), reply: data(131, 131), emit: "ch_131", stored: "ch_131 start=1704153600 end=1704240000"},
	}}.play(t)
}

func TestExampleNServiceNow(t *testing.T) {
	query := "sys_updated_on>${offset}^ORsys_updated_on=${offset}^sys_id>${primary_key}^ORDERBYsys_updated_on^ORDERBYsys_id"
	api := connector.API{
		Path: "/api/now/table/incident", Mode: connector.Chaining, Ordering: connector.OrderingRelative,
		Parameters:    []connector.Pair{{Name: "sysparm_limit", Value: "2"}, {Name: "sysparm_query", Value: query}},
		InitialOffset: "1970-01-01 00:00:00", Offset: pointer("/on"), PrimaryKey: pointer("/id"), Data: *pointer("/result"),
	}
	ask := func(offset, key string) string {
		q := strings.NewReplacer(">", "%3E", "^", "%5E", "${offset}", offset, "${primary_key}", key).Replace(query)
		return "/api/now/table/incident?sysparm_limit=2&sysparm_query=" + q
	}
	rows := func(rows ...string) string {
		for i, r := range rows {
			on, id, _ := strings.Cut(r, ",")
			rows[i] = `{"on":"` + on + `","id":"` + id + `"}`
		}
		return `{"result":[` + strings.Join(rows, ",") + `]}`
	}
	script{api: api, exchanges: []exchange{
		{ask: ask("1970-01-01%2000%3A00%3A00", ""), reply: rows("t1,a", "t1,b"), emit: "a b", stored: "t1 pk=b seen=2"},
		{ask: ask("t1", "b"), reply: rows("t1,c", "t2,a2"), emit: "c a2", stored: "t2 pk=a2 seen=1"},
		{ask: ask("t2", "a2"), reply: rows(), stored: "t2 pk=a2 seen=1", reason: EndOfStream},
		{ask: ask("t2", "a2"), reply: rows("t3,d"), emit: "d", stored: "t3 pk=d seen=1"},
	}}.play(t)
}

func TestExampleOSnapshot(t *testing.T) {
	api := connector.API{Path: "/ranks", Mode: connector.SnapshotPagination, Offset: pointer("/id")}
	ranks := func(n int) string {
		return strings.ReplaceAll(strings.ReplaceAll(ids(1, n), `"id":`, `"id":"R`), `}`, `"}`)
	}
	r := func(from, to int) string {
		return strings.TrimPrefix(strings.ReplaceAll(" "+list(from, to), " ", " R"), " ")
	}
	script{api: api, exchanges: []exchange{
		{ask: "/ranks", reply: ranks(10), emit: r(1, 10), stored: "R10"},
		{ask: "/ranks", reply: ranks(20), emit: r(11, 20), stored: "R20"},
		{ask: "/ranks", reply: ranks(27), emit: r(21, 27), stored: "R27"},
		{ask: "/ranks", reply: ranks(27), stored: "R27", reason: EndOfStream},
		{patch: "R20"},
		{ask: "/ranks", reply: ranks(27), emit: r(21, 27), stored: "R27"},
	}}.play(t)
}

// ids is an array of records with ids from one to another.
func ids(from, to int) string {
	var out []string
	for _, id := range strings.Fields(list(from, to)) {
		out = append(out, `{"id":`+id+`}`)
	}
	return "[" + strings.Join(out, ",") + "]"
}

// list is what of ids is emitted.
func list(from, to int) string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, strconv.Itoa(i))
	}
	return strings.Join(out, " ")
}
