package datasette

import (
	"bytes"
	"testing"

	"github.com/headwater/headwater/test/chain/tree"
)

// TestRecord: the line for the load script, and the bytes that Datasette 0.65.1 was seen to answer.
func TestRecord(t *testing.T) {
	for raw, want := range map[string][2]string{
		`{"level":"root","id":"r7","changed":8,"text":"same"}`: {
			`{"level":"root","id":"r7","changed":8,"text":"same"}`,
			`{"level": "root", "id": "r7", "changed": 8, "text": "same"}`,
		},
		`{"level":"branch","id":"b7.3","root":"r7","text":{"nested":["ä","☃","𝄞",1.50,true]}}`: {
			`{"level":"branch","id":"b7.3","root":"r7","text":"{\"nested\":[\"ä\",\"☃\",\"𝄞\",1.50,true]}"}`,
			`{"level": "branch", "id": "b7.3", "root": "r7", "text": "{\"nested\":[\"\u00e4\",\"\u2603\",\"\ud834\udd1e\",1.50,true]}"}`,
		},
		`{"level":"leaf","id":"l7.3.12","text":null}`: {
			`{"level":"leaf","id":"l7.3.12","branch":"b7.3","text":null}`,
			`{"level": "leaf", "id": "l7.3.12", "text": null}`,
		},
	} {
		r, err := parse([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.root()
		row, failed := r.row()
		if err != nil || failed != nil || n != 7 {
			t.Errorf("%s is below root %d: %v, %v", raw, n, err, failed)
		}
		if got := [2]string{string(bytes.TrimSpace(row)), string(r.served())}; got != want {
			t.Errorf("%s is\n%s, not\n%s", raw, got, want)
		}
	}
}

// TestOf: what a tree has is all there, once, and counted root by root.
func TestOf(t *testing.T) {
	api := tree.New(tree.Config{Seed: 3, Items: 200})
	c, err := Of(api)
	if err != nil {
		t.Fatal(err)
	}
	if c.Records() != api.Records() || c.Items() != api.Items() || c.Roots() != api.Roots() {
		t.Errorf("%d records, %d items, %d roots of %d, %d, %d", c.Records(), c.Items(), c.Roots(), api.Records(), api.Items(), api.Roots())
	}
	for n := range c.Roots() + 1 {
		rows := bytes.Count(c.Rows(0, n), []byte("\n"))
		if more := bytes.Count(c.Rows(n, c.Roots()), []byte("\n")); rows != c.Below(n) || rows+more != c.Records() {
			t.Errorf("%d roots have %d rows, the others %d, of %d and %d", n, rows, more, c.Below(n), c.Records())
		}
	}
}
