package foreign

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
)

const (
	authors = 300 // there are when the worker starts
	joining = 20  // and that come when it has read the books of those
)

// author and book are the records of a service with two levels. Author n has n%8 books, with consecutive numbers.
type author struct {
	ID   string `json:"id"`
	Seq  int    `json:"seq"`
	Name string `json:"name"`
}

type book struct {
	ID       string `json:"id"`
	AuthorID string `json:"authorId"`
	Seq      int    `json:"seq"`
	Title    string `json:"title"`
}

func newAuthor(n int) author {
	return author{ID: fmt.Sprintf("a%d", n), Seq: n, Name: fmt.Sprintf("Ågot %d", n%3)}
}

// library lists authors from to to with their books; the books of those before count on.
func library(from, to int) (people []author, books []book) {
	seq := 0
	for n := 1; n <= to; n++ {
		for range n % 8 {
			if seq++; n >= from {
				books = append(books, book{fmt.Sprintf("b%d", seq), newAuthor(n).ID, seq, fmt.Sprintf("The same title %d", seq%2)})
			}
		}
		if n >= from {
			people = append(people, newAuthor(n))
		}
	}
	return people, books
}

// TestJSONServerChain: a list of authors and, at /authors/<id>/books, the books of each: every record of both levels once,
// though the worker is killed (kill -9) in the middle, and those of authors that come later too.
func TestJSONServerChain(t *testing.T) {
	cluster := kafka.Shared(t, 2)
	need(t, "npm", "which fetches the service")
	need(t, "node", "which runs the service")
	needKcat(t)
	people, books := library(1, authors)
	file, err := json.Marshal(map[string]any{"authors": people, "books": books})
	if err != nil {
		t.Fatal(err)
	}
	s, name := startService(t, "json-server", file), kafka.Name(t)
	topics := []string{name + "-authors", name + "-books"}
	for _, topic := range topics {
		kafka.CreateTopic(t, cluster.Bootstrap, topic, 1, nil)
	}
	w := worker(t, cluster.Bootstrap, name, map[string]map[string]string{name: chained(s.url, name, topics)})
	there := func(authors, books int) error {
		return errors.Join(level(t, cluster.Bootstrap, topics[0], authors, authorSeq), level(t, cluster.Bootstrap, topics[1], books, bookSeq))
	}

	running := start(t, w)
	await(t, time.Minute, "some books", func() error {
		seen, err := countAs(t.Context(), cluster.Bootstrap, topics[1], bookSeq)
		if err == nil && len(seen) < len(books)/4 {
			err = fmt.Errorf("there are %d of %d", len(seen), len(books))
		}
		return err
	})
	if err := running.Kill(); err != nil {
		t.Fatal(err)
	}
	running = start(t, w)
	await(t, 2*time.Minute, "all records once", func() error { return there(authors, len(books)) })
	late, more := library(authors+1, authors+joining)
	for _, b := range more { // first: whoever is read with an author is what there is then
		s.post(t, "/books", b)
	}
	for _, a := range late {
		s.post(t, "/authors", a)
	}
	await(t, time.Minute, "the later records once", func() error { return there(authors+joining, len(books)+len(more)) })
	if err := running.Terminate(30 * time.Second); err != nil {
		t.Error(err)
	}
	if err := there(authors+joining, len(shelf)); err != nil {
		t.Error(err)
	}
}

// chained is a connector of two levels.
func chained(base, name string, topics []string) map[string]string {
	start := map[string]string{
		"http.offset.mode": "SIMPLE_INCREMENTING", "http.initial.offset": "0", "http.request.parameters": "_start=${offset}&_limit=4",
	}
	c := connector(base, name, api(1, topics[0], start), api(2, topics[1], start))
	maps.Copy(c, map[string]string{
		"api.chaining.parent.child.relationship": "api1::api2", "api1.http.request.parameters": "_start=${offset}&_limit=50",
		"api1.http.api.path": "/authors", "api2.http.api.path": "/authors/${id}/books",
	})
	return c
}

func authorSeq(a author) (int, bool) { return a.Seq, a == newAuthor(a.Seq) }

// shelf is all books that there will be.
var _, shelf = library(1, authors+joining)

func bookSeq(b book) (int, bool) {
	return b.Seq, b.Seq > 0 && b.Seq <= len(shelf) && b == shelf[b.Seq-1]
}

// level complains unless the topic holds records 1 to n, each one time.
func level[T any](t *testing.T, bootstrap, topic string, n int, seq func(T) (int, bool)) error {
	seen, err := countAs(t.Context(), bootstrap, topic, seq)
	if err == nil {
		err = once(seen, n)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", topic, err)
	}
	return err
}
