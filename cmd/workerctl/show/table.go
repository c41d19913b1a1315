package show

import (
	"strings"
	"unicode/utf8"
)

// Table is rows below headings.
type Table struct {
	headings []string
	rows     [][]string
}

// NewTable makes an empty table.
func NewTable(headings ...string) *Table { return &Table{headings: headings} }

// Row adds a row. An empty cell is shown as a dash, of several lines the first is shown.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		first, _, more := strings.Cut(strings.TrimSpace(cell), "\n")
		if more {
			first += " ..."
		}
		if row[i] = strings.ReplaceAll(Clean(first), "\t", " "); first == "" {
			row[i] = "-"
		}
	}
	t.rows = append(t.rows, row)
}

// gap is between two columns.
const gap = "   "

// Table writes t.
func (p *Printer) Table(t *Table) {
	widths := make([]int, len(t.headings))
	for _, row := range append([][]string{t.headings}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	p.row(&b, t.headings, widths, func(cell string) string { return p.paint(cell, "1") })
	for _, row := range t.rows {
		p.row(&b, row, widths, p.State)
	}
	_, _ = p.Out.Write([]byte(b.String()))
}

func (p *Printer) row(b *strings.Builder, row []string, widths []int, paint func(string) string) {
	for i, cell := range row {
		b.WriteString(paint(cell))
		if i < len(row)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + gap)
		}
	}
	b.WriteByte('\n')
}

// colors of the words that are states; other cells stay as they are.
var colors = map[string]string{
	"RUNNING": "32", "alive": "32", "FAILED": "31", "dead": "31", "UNASSIGNED": "33", "RESTARTING": "33", "suspect": "33", "UNKNOWN": "33",
	"PAUSED": "36", "STOPPED": "36",
}

// State returns a word in the colour of the state that it names.
func (p *Printer) State(word string) string {
	if color, ok := colors[word]; ok {
		return p.paint(word, color)
	}
	return word
}

func (p *Printer) paint(text, color string) string {
	if !p.Color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}
