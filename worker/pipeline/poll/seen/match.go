package seen

// Recorder makes a memory of records in the order in which they come. The zero value has seen none.
type Recorder struct{ m Memory }

// Add remembers a record.
func (r *Recorder) Add(hash uint64) {
	r.m.count++
	r.m.digest = fold(r.m.digest, hash)
	if r.m.count <= Limit {
		r.m.hashes = append(r.m.hashes, hash)
	} else {
		r.m.hashes = nil
	}
}

// Memory returns what was recorded: the multiset, or the digest when there were more than Limit.
func (r *Recorder) Memory() Memory {
	if r.m.count <= Limit {
		return Memory{hashes: r.m.hashes[:len(r.m.hashes):len(r.m.hashes)]}
	}
	return Memory{count: r.m.count, digest: r.m.digest}
}

// Matcher goes through a page and says which of its records are remembered. It must not be copied while it does.
type Matcher struct {
	left   map[uint64]int // multiset: how many of each have not come yet; nil: none
	more   int            // their sum
	memory Memory
	begun  Recorder // digest: the page as far as it was remembered
}

// Match starts to go through a page.
func (m Memory) Match() Matcher {
	c := Matcher{memory: m, more: len(m.hashes)}
	if c.more > 0 {
		c.left = make(map[uint64]int, c.more)
	}
	for _, h := range m.hashes {
		c.left[h]++
	}
	return c
}

// Open reports whether any remembered record may still come: if not, there is no need to hash further records.
func (c *Matcher) Open() bool {
	return c.more > 0 || c.begun.m.count < c.memory.count
}

// Seen takes the page's next record and reports whether it was emitted before. Where only a digest is remembered the
// answer holds only if Lost is false in the end.
func (c *Matcher) Seen(hash uint64) bool {
	if c.begun.m.count < c.memory.count {
		c.begun.m.count++
		c.begun.m.digest = fold(c.begun.m.digest, hash)
		return true
	}
	if c.left[hash] == 0 {
		return false
	}
	c.left[hash]--
	c.more--
	return true
}

// Lost reports, after the whole page, that it does not begin with the records whose digest is remembered.
func (c *Matcher) Lost() bool {
	return c.begun.m.count != c.memory.count || c.memory.count > 0 && c.begun.m.digest != c.memory.digest
}

// fold adds a record to a running digest.
func fold(digest, hash uint64) uint64 { return mix(digest ^ hash + 0x9e3779b97f4a7c15) }
