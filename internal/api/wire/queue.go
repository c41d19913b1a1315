package wire

import (
	"net/url"
	"strconv"
	"time"
)

// What a work item can be.
const (
	ItemWaiting = "waiting" // announced, and not crawled since
	ItemActive  = "active"  // more pages are to come
	ItemIdle    = "idle"    // crawled to its end
	ItemFailed  = "failed"  // set aside, tried again later
	ItemEnded   = "ended"   // the API has nothing under it any more
)

// ItemStates are all of them.
var ItemStates = []string{ItemWaiting, ItemActive, ItemIdle, ItemFailed, ItemEnded}

// What a person may wish of a work item.
const (
	ItemRetry = "retry"
	ItemSkip  = "skip"
)

// DefaultItems and MaxItems are how many items are listed at once.
const (
	DefaultItems = 100
	MaxItems     = 1000
)

// Queue is a connector's work queue: what its child APIs have to do.
type Queue struct {
	Connector string `json:"connector"`
	Topic     string `json:"topic"`
	Group     string `json:"group"` // the consumer group that spreads the lanes
	// APIs are the child APIs. Their numbers are those of the lanes that somebody reads.
	APIs []QueueAPI `json:"apis"`
	// Lanes are all of them; one that nobody reads has no worker.
	Lanes []QueueLane `json:"lanes"`
	// Missing are workers that did not answer.
	Missing []string `json:"missing"`
}

// QueueAPI is a child API and how many of its items stand where.
type QueueAPI struct {
	API int `json:"api"` // the N of apiN
	// Parents, URL and Placeholders are not repeated in the lanes. URL is that of the API's offsets, Placeholders the names
	// that tell its items apart there.
	Parents      []int    `json:"parents,omitempty"`
	URL          string   `json:"url,omitempty"`
	Placeholders []string `json:"placeholders,omitempty"`
	Waiting      int64    `json:"waiting"`
	Active       int64    `json:"active"`
	Idle         int64    `json:"idle"`
	Failed       int64    `json:"failed"`
	Ended        int64    `json:"ended"`
	// OldestWaiting is when the item that has been waiting for longest was announced; zero: none waits.
	OldestWaiting time.Time `json:"oldest_waiting,omitzero"`
	// NextDue is when the next item will be due that waits for a time; zero: none does, or there is work now.
	NextDue time.Time `json:"next_due,omitzero"`
}

// Add adds the numbers of another lane.
func (a *QueueAPI) Add(b QueueAPI) {
	a.Waiting += b.Waiting
	a.Active += b.Active
	a.Idle += b.Idle
	a.Failed += b.Failed
	a.Ended += b.Ended
	a.OldestWaiting, a.NextDue = earlier(a.OldestWaiting, b.OldestWaiting), earlier(a.NextDue, b.NextDue)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// QueueLane is a lane of a work queue and who crawls it. State is a task's state in Connect's words.
type QueueLane struct {
	Lane   int    `json:"lane"`
	Worker string `json:"worker"` // empty: nobody
	State  string `json:"state"`
	// Waiting is why no request is under way, as in API; Until is when that ends, zero when nobody knows.
	Waiting string    `json:"waiting"`
	Until   time.Time `json:"until,omitzero"`
	// Lag is how many announcements wait.
	Lag   int64      `json:"lag"`
	APIs  []QueueAPI `json:"apis"`
	Trace string     `json:"trace"` // why it failed
}

// QueueItems is a part of a work queue's items.
type QueueItems struct {
	Items []QueueItem `json:"items"`
	// Next is what to ask for the items after; empty: there are no more.
	Next string `json:"next,omitempty"`
	// Missing are workers that did not answer, Unread is how many lanes nobody reads: their items are not among these.
	Missing []string `json:"missing"`
	Unread  int      `json:"unread"`
}

// QueueItem is a work item: a child API and the values of its placeholders.
type QueueItem struct {
	ID     string            `json:"id"`
	API    int               `json:"api"`
	Values map[string]string `json:"values"`
	State  string            `json:"state"`
	// Offset is where it goes on, as the offsets API shows it; nil before its first page.
	Offset map[string]string `json:"offset,omitempty"`
	// Attempt is how often in a row it has failed.
	Attempt int `json:"attempt"`
	// NotBefore is when it is due again; zero: at once, or not by itself.
	NotBefore time.Time `json:"not_before,omitzero"`
	Trace     string    `json:"trace"`  // why it failed or ended
	Parent    int       `json:"parent"` // the API whose record announced it last
	// Emitted is when that was, Crawled when it was last asked for; zero: never.
	Emitted time.Time `json:"emitted,omitzero"`
	Crawled time.Time `json:"crawled,omitzero"`
	Lane    int       `json:"lane"`
	Worker  string    `json:"worker"`
}

// ItemQuery chooses items. The zero value chooses the first DefaultItems.
type ItemQuery struct {
	API   int    // 0: all
	State string // empty: all
	// Stored leaves out those that have no offset yet.
	Stored bool
	After  string // the ID behind which the list begins
	Limit  int    // 0: DefaultItems
}

// Values is the query as part of a URL.
func (q ItemQuery) Values() url.Values {
	v := url.Values{}
	set := func(name, value string, is bool) {
		if is {
			v.Set(name, value)
		}
	}
	set("api", strconv.Itoa(q.API), q.API != 0)
	set("state", q.State, q.State != "")
	set("stored", "true", q.Stored)
	set("after", q.After, q.After != "")
	set("limit", strconv.Itoa(q.Limit), q.Limit != 0)
	return v
}

// PlaceholderKey is what a placeholder is called in a source partition. Its name, save where that is taken.
func PlaceholderKey(name string) string {
	if name == "url" {
		return "${url}"
	}
	return name
}
