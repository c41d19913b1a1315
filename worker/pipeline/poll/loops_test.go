package poll

import (
	"fmt"
	"testing"

	"github.com/headwater/headwater/internal/connector"
)

// APIs that do not page as they should. No sweep goes on for ever, none emits a record twice, none loses one.

func cursorAPI() connector.API {
	return connector.API{
		Path: "/x", Mode: connector.CursorPagination, CursorParameter: "c", NextIsURL: true,
		Data: *pointer("/items"), NextPage: pointer("/next"),
	}
}

func items(next string, from, to int) string {
	return fmt.Sprintf(`{"items":%s,"next":%s}`, ids(from, to), next)
}

func TestTokenThatNamesItself(t *testing.T) {
	script{api: cursorAPI(), exchanges: []exchange{
		{ask: "/x", reply: items(`"A"`, 1, 2), emit: "1 2", stored: "A"},
		{ask: "/x?c=A", reply: items(`"A"`, 3, 4), emit: "3 4", stored: "A seen=2", reason: RepeatedToken},
		{ask: "/x?c=A", reply: items(`"A"`, 3, 4), stored: "A seen=2", reason: RepeatedToken},
		{ask: "/x?c=A", reply: items(`"A"`, 3, 5), emit: "5", stored: "A seen=3", reason: RepeatedToken},
		{ask: "/x?c=A", reply: items(`"B"`, 3, 5), stored: "B"},
	}}.play(t)
}

func TestTokenCycle(t *testing.T) {
	script{api: cursorAPI(), exchanges: []exchange{
		{ask: "/x", reply: items(`"A"`, 1, 2), emit: "1 2", stored: "A"},
		{ask: "/x?c=A", reply: items(`"B"`, 3, 4), emit: "3 4", stored: "B"},
		{ask: "/x?c=B", reply: items(`"A"`, 5, 6), emit: "5 6", stored: "B seen=2", reason: TokenCycle},
		{ask: "/x?c=B", reply: items(`"A"`, 5, 6), stored: "B seen=2", reason: TokenCycle},
		{ask: "/x?c=B", reply: items(`"C"`, 5, 7), emit: "7", stored: "C"},
		{ask: "/x?c=C", reply: items(`null`, 8, 8), emit: "8", stored: "C seen=1", reason: EndOfStream},
	}}.run(t, false)
}

// A server that answers its last page for every page beyond it, with a new token each time.
func TestPageThatRepeatsUnderNewTokens(t *testing.T) {
	script{api: cursorAPI(), exchanges: []exchange{
		{ask: "/x", reply: items(`2`, 1, 2), emit: "1 2", stored: "2"},
		{ask: "/x?c=2", reply: items(`3`, 3, 4), emit: "3 4", stored: "3"},
		{ask: "/x?c=3", reply: items(`4`, 3, 4), stored: "3 seen=2", reason: RepeatedPage},
		{ask: "/x?c=3", reply: items(`4`, 3, 4), stored: "3 seen=2", reason: RepeatedPage},
		{ask: "/x?c=3", reply: items(`4`, 3, 5), emit: "5", stored: "4"},
	}}.run(t, false)
}

// A server that goes round: behind its last page comes its first, under another name.
func TestPagesThatGoRound(t *testing.T) {
	script{api: cursorAPI(), exchanges: []exchange{
		{ask: "/x", reply: items(`"p2"`, 1, 2), emit: "1 2", stored: "p2"},
		{ask: "/x?c=p2", reply: items(`"p1"`, 3, 4), emit: "3 4", stored: "p1"},
		{ask: "/x?c=p1", reply: items(`"p2"`, 1, 2), stored: "p1 seen=2", reason: RepeatedPage},
	}}.run(t, false)
}

func TestEmptyPageWithATokenGoesOn(t *testing.T) {
	script{api: cursorAPI(), exchanges: []exchange{
		{ask: "/x", reply: items(`"A"`, 1, 0), stored: "A"},
		{ask: "/x?c=A", reply: items(`"B"`, 1, 1), emit: "1", stored: "B"},
		{ask: "/x?c=B", reply: items(`"C"`, 1, 0), stored: "C"},
		{ask: "/x?c=C", reply: items(`""`, 2, 2), emit: "2", stored: "C seen=1", reason: EndOfStream},
	}}.play(t)
}

// What answers can look like when there is nothing: each ends the sweep and forgets nothing.
func TestNothing(t *testing.T) {
	for _, reply := range []string{``, `{}`, `[]`, `null`, `{"items":null}`, `{"items":[],"next":null}`, `{"next":""}`, `{"next":false}`} {
		t.Run(reply, func(t *testing.T) {
			script{api: cursorAPI(), exchanges: []exchange{
				{ask: "/x", reply: items(`null`, 1, 2), emit: "1 2", stored: " seen=2", reason: EndOfStream},
				{ask: "/x", reply: reply, stored: " seen=2", reason: EndOfStream},
				{ask: "/x", reply: items(`null`, 1, 3), emit: "3", stored: " seen=3", reason: EndOfStream},
			}}.play(t)
		})
	}
}

func TestOffsetThatTheServerIgnores(t *testing.T) {
	script{
		api: connector.API{Path: "/x", Parameters: params("start=${offset}"), InitialOffset: "0"},
		exchanges: []exchange{
			{ask: "/x?start=0", reply: ids(1, 3), emit: "1 2 3", stored: "2 next=3"},
			{ask: "/x?start=3", reply: ids(1, 3), stored: "2 next=3", reason: RepeatedPage},
			{ask: "/x?start=3", reply: ids(4, 4), emit: "4", stored: "3 next=4"},
		},
	}.run(t, false)
}

// A static URL is polled for what it says at the time: its content comes at every poll.
func TestStaticURL(t *testing.T) {
	script{
		api: connector.API{Path: "/v2/prices/BTC-USD/spot", InitialOffset: "0"},
		exchanges: []exchange{
			{ask: "/v2/prices/BTC-USD/spot", reply: `{"id":1}`, emit: "1", stored: "0 next=1"},
			{ask: "/v2/prices/BTC-USD/spot", reply: `{"id":1}`, emit: "1", stored: "1 next=2"},
		},
	}.play(t)
}

// More records share a value than a page holds, and the API includes the bound: there is no way beyond them.
func TestEqualValuesFillAPage(t *testing.T) {
	page := func(from, at int) string {
		return fmt.Sprintf(`[{"id":%d,"at":%d},{"id":%d,"at":7}]`, from, at, from+1)
	}
	script{api: chainingAPI(), exchanges: []exchange{
		{ask: "/x?since=0", reply: page(1, 5), emit: "1 2", stored: "7 seen=1"},
		{ask: "/x?since=7", reply: page(2, 7), emit: "3", stored: "7 seen=2"},
		{ask: "/x?since=7", reply: page(2, 7), stored: "7 seen=2", reason: NothingNew},
		{ask: "/x?since=7", reply: page(2, 7), stored: "7 seen=2", reason: NothingNew},
	}}.play(t)
}

func TestGlobalServerIgnoresTheKey(t *testing.T) {
	api := globalAPI()
	window := " start=100 end=200"
	script{api: api, exchanges: []exchange{
		{ask: "/x?from=100&to=200", reply: ids(1, 3), emit: "1 2 3", stored: "3" + window},
		{ask: "/x?from=100&to=200&after=3", reply: ids(1, 3), stored: " start=200", reason: RepeatedKey},
		{ask: "/x?from=200&to=300", reply: ids(4, 4), emit: "4", stored: "4 start=200 end=300"},
		{ask: "/x?from=200&to=300&after=4", reply: ids(4, 4), stored: " start=300", reason: RepeatedKey},
		{ask: "/x?from=300&to=400", reply: ids(1, 0), stored: " start=400", reason: EndOfWindow},
	}}.play(t)
}

// A server that begins with the record that it was to begin after.
func TestGlobalServerIncludesTheKey(t *testing.T) {
	window := " start=100 end=200"
	script{api: globalAPI(), exchanges: []exchange{
		{ask: "/x?from=100&to=200", reply: ids(1, 3), emit: "1 2 3", stored: "3" + window},
		{ask: "/x?from=100&to=200&after=3", reply: ids(3, 5), emit: "4 5", stored: "5" + window},
		{ask: "/x?from=100&to=200&after=5", reply: ids(5, 5), stored: " start=200", reason: RepeatedKey},
	}}.play(t)
}

func globalAPI() connector.API {
	return connector.API{
		Path: "/x", Parameters: params("from=${start_time}&to=${end_time}"), Mode: connector.Chaining,
		Ordering: connector.OrderingGlobal, ChainParameter: "after", PrimaryKey: pointer("/id"),
		Window: &connector.Window{Start: "100", End: "200", Format: connector.UnixSeconds, Interval: 100},
	}
}

// Windows: a cycle of tokens ends the window, for all that the API shows of it has come; a page that repeats the one
// before it does not, for what lies behind it has not.
func TestLoopsWithinAWindow(t *testing.T) {
	api := cursorAPI()
	api.Parameters = params("from=${start_time}&to=${end_time}")
	api.Window = globalAPI().Window
	window := " start=100 end=200"
	script{api: api, exchanges: []exchange{
		{ask: "/x?from=100&to=200", reply: items(`"A"`, 1, 2), emit: "1 2", stored: "A" + window},
		{ask: "/x?from=100&to=200&c=A", reply: items(`"B"`, 1, 2), stored: "A" + window, reason: RepeatedPage},
		{ask: "/x?from=100&to=200&c=A", reply: items(`"B"`, 3, 4), emit: "3 4", stored: "B" + window},
		{ask: "/x?from=100&to=200&c=B", reply: items(`"A"`, 5, 5), emit: "5", stored: " start=200", reason: TokenCycle},
		{ask: "/x?from=200&to=300", reply: items(`"A"`, 6, 6), emit: "6", stored: "A start=200 end=300"},
		{ask: "/x?from=200&to=300&c=A", reply: items(`"A"`, 7, 7), emit: "7", stored: " start=300", reason: RepeatedToken},
	}}.run(t, false)
}
