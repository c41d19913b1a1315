package record

// List holds the raw records of one page in the order in which they were served. It is written once and may be walked
// any number of times. Close gives back what it holds beside memory, such as a spool file.
type List interface {
	// Len is the number of records.
	Len() int
	// Bytes is the sum of their lengths.
	Bytes() int64
	// Each calls visit for every record, in order, until visit returns an error, which it returns. raw stays valid
	// for as long as it is referenced.
	Each(visit func(i int, raw []byte) error) error
	Close() error
}

// Memory is a List in memory.
type Memory [][]byte

// Len implements List.
func (m Memory) Len() int { return len(m) }

// Bytes implements List.
func (m Memory) Bytes() int64 {
	var n int64
	for _, raw := range m {
		n += int64(len(raw))
	}
	return n
}

// Each implements List.
func (m Memory) Each(visit func(i int, raw []byte) error) error {
	for i, raw := range m {
		if err := visit(i, raw); err != nil {
			return err
		}
	}
	return nil
}

// Close implements List.
func (Memory) Close() error { return nil }
