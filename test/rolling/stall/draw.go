package stall

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"time"
)

// Picture is what Draw draws.
type Picture struct {
	Title  string
	Length time.Duration
	Names  []string // of the APIs, a row each, by Gap.API
	Gaps   []Gap
	// Control are the gaps of a process that only ticks: rows of its own beneath the others.
	Control []Gap
	Windows []Window
	Least   time.Duration // stalls shorter than this are not drawn. Defaults to 50 ms
}

const (
	margin, top, rowHeight, width = 150, 60, 9, 1200
	movedColour, unmovedColour    = "#d1495b", "#edae49"
	controlColour, windowColour   = "#8d99ae", "#00798c"
)

// Draw writes the picture as SVG: a row for each API, time from left to right, each stall a bar, each window a line with
// its label. The same input gives the same bytes.
func Draw(to io.Writer, p Picture) error {
	if p.Least == 0 {
		p.Least = 50 * time.Millisecond
	}
	w := bufio.NewWriter(to)
	height := top + (len(p.Names)+2)*rowHeight + 60
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="8">`+"\n", margin+width+20, height)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" fill="white"/><text x="10" y="18" font-size="14">%s</text>`+"\n", html.EscapeString(p.Title))
	legend(w, p.Least)
	p.axis(w)
	for i, w1 := range p.Windows {
		p.window(w, i, w1)
	}
	for i, name := range p.Names {
		fmt.Fprintf(w, `<text x="10" y="%d">%s</text>`+"\n", p.y(i)+rowHeight-2, html.EscapeString(name))
	}
	fmt.Fprintf(w, `<text x="10" y="%d">idle control</text>`+"\n", p.y(len(p.Names)+1)+rowHeight-2)
	for _, g := range p.Gaps {
		colour := unmovedColour
		if g.Moved {
			colour = movedColour
		}
		p.bar(w, g, p.y(g.API), colour)
	}
	for _, g := range p.Control {
		p.bar(w, g, p.y(len(p.Names)+1), controlColour)
	}
	fmt.Fprintln(w, "</svg>")
	return w.Flush()
}

func legend(w io.Writer, least time.Duration) {
	x := 10
	for _, l := range [][2]string{
		{movedColour, "stall of an API that was moved"},
		{unmovedColour, "stall of an API that was not moved"},
		{controlColour, "a process that only ticks"},
		{windowColour, "restart"},
	} {
		fmt.Fprintf(w, `<rect x="%d" y="26" width="10" height="8" fill="%s"/><text x="%d" y="33">%s</text>`+"\n", x, l[0], x+14, l[1])
		x += 170
	}
	fmt.Fprintf(w, `<text x="%d" y="33">(from %s)</text>`+"\n", x, least)
}

func (p Picture) x(at time.Duration) float64 {
	return margin + width*float64(at)/float64(max(p.Length, 1))
}

func (p Picture) y(row int) int { return top + row*rowHeight }

// axis writes a mark each tenth of the length.
func (p Picture) axis(w io.Writer) {
	bottom := p.y(len(p.Names)+2) + 12
	for i := range 11 {
		at := p.Length * time.Duration(i) / 10
		fmt.Fprintf(w, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#eee"/><text x="%.1f" y="%d">%.0f s</text>`+"\n",
			p.x(at), top, p.x(at), bottom-10, p.x(at), bottom, at.Seconds())
	}
}

func (p Picture) window(w io.Writer, i int, win Window) {
	fmt.Fprintf(w, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s" stroke-width="0.7"/><text x="%.1f" y="%d" fill="%s">%s</text>`+"\n",
		p.x(win.From), top-6, p.x(win.From), p.y(len(p.Names)+2), windowColour, p.x(win.From)+1, top-8-i%2*8, windowColour, html.EscapeString(win.Label))
}

// bar draws the time beyond the interval, the end of the gap.
func (p Picture) bar(w io.Writer, g Gap, y int, colour string) {
	if g.Stall < p.Least {
		return
	}
	from := p.x(g.To - g.Stall)
	fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"><title>%d ms</title></rect>`+"\n",
		from, y+1, max(1, p.x(g.To)-from), rowHeight-2, colour, g.Stall.Milliseconds())
}
