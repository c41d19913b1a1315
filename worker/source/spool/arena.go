package spool

// Chunks start small, for pages of a few records, and double.
const (
	firstChunk = 2 << 10
	lastChunk  = 512 << 10
)

// arena copies records into large chunks, so that a record costs no allocation of its own. A record that is still
// referenced keeps its whole chunk.
type arena struct {
	free []byte
	next int
}

// copy returns a copy of raw that is never written to again.
func (a *arena) copy(raw []byte) []byte {
	if len(raw) > cap(a.free)-len(a.free) {
		a.grow(len(raw))
	}
	start := len(a.free)
	a.free = append(a.free, raw...)
	return a.free[start:len(a.free):len(a.free)]
}

// grow begins a chunk with room for at least n bytes.
func (a *arena) grow(n int) {
	a.next = min(max(2*a.next, firstChunk), lastChunk)
	a.free = make([]byte, 0, max(a.next, n))
}
