package show_test

import (
	"bytes"
	"testing"

	"github.com/headwater/headwater/cmd/workerctl/show"
)

func printer(format string, terminal bool) (*show.Printer, *bytes.Buffer, *bytes.Buffer) {
	out, err := &bytes.Buffer{}, &bytes.Buffer{}
	return &show.Printer{Format: format, Streams: show.Streams{Out: out, Err: err, Color: terminal, Progress: terminal}}, out, err
}

func table() *show.Table {
	t := show.NewTable("NAME", "STATE", "TRACE")
	t.Row("örders", "RUNNING", "")
	t.Row("a", "FAILED", "x\x1b[2J\ty\nz")
	return t
}

// Colours are for terminals and take no room in the columns.
func TestTable(t *testing.T) {
	for terminal, want := range map[bool]string{
		false: "NAME     STATE     TRACE\nörders   RUNNING   -\na        FAILED    x\ufffd[2J y ...\n",
		true: "\x1b[1mNAME\x1b[0m     \x1b[1mSTATE\x1b[0m     \x1b[1mTRACE\x1b[0m\nörders   \x1b[32mRUNNING\x1b[0m   -\n" +
			"a        \x1b[31mFAILED\x1b[0m    x\ufffd[2J y ...\n",
	} {
		p, out, _ := printer("table", terminal)
		p.Table(table())
		if out.String() != want {
			t.Errorf("%q\nwant %q", out.String(), want)
		}
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	for terminal, want := range map[bool]string{false: "", true: "\r\x1b[Kwaiting\ufffd\r\x1b[K"} {
		p, _, err := printer("table", terminal)
		p.Doing("waiting\a\nmore")
		p.Doing("")
		if err.String() != want {
			t.Errorf("%q, want %q", err.String(), want)
		}
	}
}

func TestFormats(t *testing.T) {
	value := map[string]any{"b": "3", "a": []string{"<x>", "yes", "two\nlines"}, "c": 1.5, "d": nil, "e": []int{}}
	for format, want := range map[string]string{
		"json":  "{\n  \"a\": [\n    \"<x>\",\n    \"yes\",\n    \"two\\nlines\"\n  ],\n  \"b\": \"3\",\n  \"c\": 1.5,\n  \"d\": null,\n  \"e\": []\n}\n",
		"yaml":  "a:\n  - <x>\n  - \"yes\"\n  - |-\n    two\n    lines\nb: \"3\"\nc: 1.5\nd: null\ne: []\n",
		"table": "text\n",
	} {
		p, out, _ := printer(format, false)
		if err := p.Check(); err != nil {
			t.Error(err)
		}
		if err := p.Print(value, func() { p.Say("text") }); err != nil || out.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", format, err, out.String(), want)
		}
	}
	if p, _, _ := printer("xml", false); p.Check() == nil {
		t.Error("xml")
	}
	p, out, _ := printer("json", false)
	for range 2 {
		if err := p.Line(1, nil); err != nil {
			t.Error(err)
		}
	}
	if out.String() != "1\n1\n" {
		t.Error(out.String())
	}
}
