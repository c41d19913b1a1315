// Package offsets says WHERE we stand: source partitions and source offsets, their wire form in the offsets topic
// (Kafka Connect's, to the byte), and the store that reads them.
package offsets

// Partition is a source partition: one API of one connector.
type Partition struct {
	Connector string
	// URL is http.api.base.url joined with the raw http.api.path; a second API with the same URL has #apiN behind it.
	URL string
}

// Offset is a source offset. Empty strings are absent, save Offset itself.
type Offset struct {
	Offset     string // the product's offset; the only one its API shows
	StartTime  string // start_time: the window, in timestamp modes
	EndTime    string // end_time
	PrimaryKey string // primary_key, of RELATIVE ordering
	Next       string // next: SIMPLE_INCREMENTING's marker
	Seen       string // seen: what was emitted of a page that will be asked for again
	// Extra keeps fields that we do not know, raw, in the order of their names.
	Extra map[string]string
}
