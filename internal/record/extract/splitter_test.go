package extract

// splitter is used again and again, after good documents and bad.
var splitter Splitter

// SplitBytes splits a document in memory.
func SplitBytes(doc []byte, want Wanted, emit func(raw []byte) error) (Found, error) {
	return splitter.Split(doc, want, emit)
}
