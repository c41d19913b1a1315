// Package show writes what workerctl found: tables for eyes, JSON and YAML for machines. Colours and progress are for
// terminals; a pipe gets plain text.
package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/term"
)

// Formats are the values of --output.
var Formats = []string{"table", "json", "yaml"}

// Streams is where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Color says that Out is a terminal that shows colours, Progress that Err is a terminal.
	Color, Progress bool
}

// System returns the process's own streams. Colours are off when NO_COLOR is set or TERM is dumb.
func System() Streams {
	color := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stdout.Fd()))
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Color: color,
		Progress: os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// Printer writes in one of Formats.
type Printer struct {
	Streams
	Format string
}

// Text says whether the output is for eyes.
func (p *Printer) Text() bool { return p.Format == "table" }

// Check says whether the format is one that there is.
func (p *Printer) Check() error {
	if !slices.Contains(Formats, p.Format) {
		return fmt.Errorf("output %q is none of %s", p.Format, strings.Join(Formats, ", "))
	}
	return nil
}

// Print writes value for machines, or calls text for eyes.
func (p *Printer) Print(value any, text func()) error {
	switch p.Format {
	case "json":
		b, err := marshal(value)
		if err == nil {
			_, err = p.Out.Write(b)
		}
		return err
	case "yaml":
		return p.yaml(value)
	}
	text()
	return nil
}

// Line writes value as one line of JSON, or one document of YAML, or calls text.
func (p *Printer) Line(value any, text func()) error {
	switch p.Format {
	case "json":
		enc := json.NewEncoder(p.Out)
		enc.SetEscapeHTML(false)
		return enc.Encode(value)
	case "yaml":
		if _, err := io.WriteString(p.Out, "---\n"); err != nil {
			return err
		}
	}
	return p.Print(value, text)
}

func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(value)
	return b.Bytes(), err
}

// yaml goes by way of JSON, so that both have the same names in the same order.
func (p *Printer) yaml(value any) error {
	b, err := marshal(value)
	if err != nil {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	block(&doc)
	enc := yaml.NewEncoder(p.Out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	return enc.Close()
}

// block takes the look of JSON off a node: no braces, and only quotes that some reader needs, such as those round yes, which
// older YAML takes for true.
func block(n *yaml.Node) {
	n.Style = 0
	var plain yaml.Node
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && plain.Encode(n.Value) == nil {
		n.Style = plain.Style
	}
	for _, inner := range n.Content {
		block(inner)
	}
}

// Say writes a line for eyes.
func (p *Printer) Say(format string, args ...any) {
	fmt.Fprintln(p.Out, Clean(fmt.Sprintf(format, args...)))
}

// Note writes a line beside the output.
func (p *Printer) Note(format string, args ...any) {
	fmt.Fprintln(p.Err, Clean(fmt.Sprintf(format, args...)))
}

// Doing shows what is waited for, on a terminal; the next call writes over it, an empty text takes it away.
func (p *Printer) Doing(text string) {
	if p.Progress {
		text, _, _ = strings.Cut(text, "\n")
		fmt.Fprint(p.Err, "\r\x1b[K"+Clean(text))
	}
}

// Clean replaces control characters, save line ends and tabs: what a server says must not steer the terminal.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
			return '\ufffd'
		}
		return r
	}, text)
}

// FirstLine is the first line of a text that may be long, such as a trace.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
