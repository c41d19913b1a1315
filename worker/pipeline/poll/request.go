package poll

import (
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/internal/record/extract"
)

// Request is what to ask an API. It holds no credentials of auth.type: source adds those, and only for the base URL's
// origin.
type Request struct {
	Method string
	URL    string
	Header []Header
	Body   []byte // nil: none
	Want   Want
}

// Header is one configured request header. Secret ones are masked wherever they are shown.
type Header struct {
	Name, Value string
	Secret      bool
}

// Want tells the splitter what to take out of the answer while it streams by.
type Want struct {
	// Data is where the records are; the zero value is the whole document.
	Data extract.Pointer
	// Root lists single values to keep, wherever they stand, also behind the records.
	Root []extract.Pointer
}

// Response is a 2xx answer, complete and checked. Whoever gets it closes Records.
type Response struct {
	Status int
	Reason string // reason phrase
	URL    string // as asked, secrets masked
	// Records are the raw records at Want.Data: an array's elements, or the one value that is no array. Null, a pointer
	// that leads nowhere and an empty body are zero records.
	Records record.List
	// DataFound tells a null or missing value at Want.Data (false) from an empty array (true).
	DataFound bool
	// Root holds the raw JSON of each wanted value that was found, by the pointer's text.
	Root map[string]record.Value
	// Bytes is the length of the body after decompression.
	Bytes int64
}
