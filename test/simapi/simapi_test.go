package simapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// reader reads one API by hand, as a careful person would, and drops what it has already had.
type reader struct {
	t    *testing.T
	sim  *Server
	api  API
	got  map[int]int
	last map[string]any // the last record of the last answer
}

// get asks once and returns the envelope and the number of records.
func (r *reader) get(target string) (map[string]json.RawMessage, int) {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	if w.Code != http.StatusOK {
		r.t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	return r.take(w.Body.Bytes())
}

func (r *reader) take(body []byte) (map[string]json.RawMessage, int) {
	r.t.Helper()
	env := map[string]json.RawMessage{}
	if body = bytes.TrimSpace(body); body[0] == '[' {
		env["items"] = body
	} else if err := json.Unmarshal(body, &env); err != nil {
		r.t.Fatalf("%s: %v", body, err)
	}
	if hits := env["hits"]; hits != nil {
		var inner map[string]json.RawMessage
		_ = json.Unmarshal(hits, &inner)
		env["items"] = inner["hits"]
	}
	if env["result"] != nil {
		env["items"] = env["result"]
	}
	var records []json.RawMessage
	if err := json.Unmarshal(env["items"], &records); err != nil {
		r.t.Fatalf("records of %s: %v", body, err)
	}
	for _, raw := range records {
		r.last = map[string]any{}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&r.last); err != nil {
			r.t.Fatal(err)
		}
		seq, _ := strconv.Atoi(fmt.Sprint(r.last["seq"]))
		r.got[seq]++
		if want := r.api.Payload(seq); !bytes.Equal(raw, want) {
			r.t.Fatalf("record %d is %s in the answer and %s by Payload", seq, raw, want)
		}
	}
	return env, len(records)
}

// stands holds an offset against what was read so far.
func (r *reader) stands(fields map[string]string) Standing {
	r.t.Helper()
	st, err := r.api.Standing(fields)
	if err != nil {
		r.t.Fatal(err)
	}
	if n := len(r.got); n < st.Least || n > st.Most {
		r.t.Fatalf("offset %v stands for %d to %d records, %d were read", fields, st.Least, st.Most, n)
	}
	return st
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// walks read an API to its end in each mode, once per call.
var walks = map[string]func(r *reader){
	"incrementing": func(r *reader) {
		for n := len(r.got); ; n = len(r.got) {
			if _, k := r.get(fmt.Sprintf("/api1/items?start=%d", n)); k == 0 {
				return
			}
			r.stands(map[string]string{"offset": strconv.Itoa(len(r.got) - 1)})
		}
	},
	"chaining":           func(r *reader) { r.keys("after") },
	"chaining-inclusive": func(r *reader) { r.keys("from") },
	"cursor-token": func(r *reader) {
		for token := ""; ; {
			env, _ := r.get("/api1/items?page%5Bafter%5D=" + url.QueryEscape(token))
			if token = text(env["next"]); token == "" {
				return
			}
			r.stands(map[string]string{"offset": token})
		}
	},
	"cursor-url":      func(r *reader) { r.links("/api1/items?size=7") },
	"cursor-path":     func(r *reader) { r.links("/api1/items?size=7") },
	"cursor-fragment": func(r *reader) { r.links("/api1/items?size=7") },
	"window-token":    func(r *reader) { r.windows(time.UnixMilli, millis, "page_token") },
	"window-url": func(r *reader) {
		r.windows(func(n int64) time.Time { return time.Unix(n, 0) }, seconds, "skip")
	},
	"relative": func(r *reader) {
		offset, key := "0", ""
		for {
			if _, k := r.get("/api1/items?time=" + offset + "&id=" + key); k == 0 {
				return
			}
			offset, key = fmt.Sprint(r.last["time"]), fmt.Sprint(r.last["id"])
			r.stands(map[string]string{"offset": offset, "primary_key": key})
		}
	},
	"snapshot":            func(r *reader) { r.get("/api1/items") },
	"snapshot-descending": func(r *reader) { r.get("/api1/items") },
}

func (r *reader) keys(name string) {
	for key, before := "0", -1; len(r.got) > before; {
		before = len(r.got)
		r.get("/api1/items?" + name + "=" + key)
		key = fmt.Sprint(r.last["key"])
		r.stands(map[string]string{"offset": key})
	}
}

func (r *reader) links(at string) {
	for {
		env, _ := r.get(at)
		next := text(env["next"])
		if env["links"] != nil {
			var l map[string]json.RawMessage
			_ = json.Unmarshal(env["links"], &l)
			next = text(l["next"])
		}
		if next == "" {
			return
		}
		base, _ := url.Parse("http://example.com" + at)
		u, err := base.Parse(next)
		if err != nil {
			r.t.Fatal(err)
		}
		at = u.RequestURI()
		r.stands(map[string]string{"offset": next})
	}
}

func (r *reader) windows(from func(int64) time.Time, unit func(time.Time) int64, param string) {
	start := r.api.stream.start.Add(-history).Truncate(time.Second)
	for start.Before(time.Now().Truncate(time.Second)) {
		end := start.Add(windowSeconds * time.Second)
		if end.After(time.Now()) {
			end = time.Now().Truncate(time.Second)
		}
		next := ""
		for {
			at := fmt.Sprintf("/api1/items?from=%d&to=%d", unit(start), unit(end))
			if next != "" && param == "page_token" {
				at += "&page_token=" + url.QueryEscape(next)
			} else if next != "" {
				at = strings.TrimPrefix(next, "http://example.com")
			}
			env, _ := r.get(at)
			if next = text(env["next"]); next == "" {
				break
			}
			r.stands(map[string]string{"offset": next, "start_time": fmt.Sprint(unit(start)), "end_time": fmt.Sprint(unit(end))})
		}
		start = from(unit(end))
		r.stands(map[string]string{"offset": "", "start_time": fmt.Sprint(unit(start))})
	}
}

func TestEveryModeServesEveryRecord(t *testing.T) {
	for name, walk := range walks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim, err := New(Config{Seed: 3, Modes: []string{name}, Growth: Growth{Backlog: 40, PerSecond: 2, Total: 100}})
				if err != nil {
					t.Fatal(err)
				}
				r := &reader{t: t, sim: sim, api: sim.APIs()[0], got: map[int]int{}}
				for range 10 {
					walk(r)
					time.Sleep(2 * time.Second)
					r.got = map[int]int{}
				}
				sim.Finish()
				time.Sleep(2 * time.Second) // an end of a window behind the last record
				walk(r)
				if total := r.api.Total(); len(r.got) != total || r.api.Served() != total || total < 6 {
					t.Fatalf("read %d of %d records, %d counted as served", len(r.got), total, r.api.Served())
				}
			})
		})
	}
}

func TestOneSeedOneStream(t *testing.T) {
	body := func(seed uint64) string {
		sim, err := New(Config{Seed: seed, Growth: Growth{PerRequest: 4}, Now: func() time.Time { return time.Unix(1e9, 0) }})
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(sim)
		defer srv.Close()
		var all strings.Builder
		for range 3 {
			for i := range Modes() {
				resp, err := http.Get(fmt.Sprintf("%s/api%d/items?start=0&from=0&after=0&time=0&to=9&created[gte]=0&created[to]=9", srv.URL, i+1))
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				all.WriteString(strings.ReplaceAll(string(b), srv.URL, ""))
			}
		}
		return all.String()
	}
	if first, again := body(1), body(1); first != again {
		t.Error("one seed gave two streams")
	}
	if body(1) == body(2) {
		t.Error("two seeds gave one stream")
	}
}

func TestFaultsServeNothing(t *testing.T) {
	sim, err := New(Config{Modes: []string{"incrementing"}, Script: []Fault{{N: 1, Kind: Error}, {N: 2, Kind: Throttled}, {API: 1, N: 3, Kind: Truncated}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	defer srv.Close()
	for n := 1; n <= 4; n++ {
		resp, err := http.Get(srv.URL + "/api1/items?start=0")
		if err != nil {
			t.Fatal(err)
		}
		_, readErr := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if want := []int{500, 429, 200, 200}[n-1]; resp.StatusCode != want || (readErr != nil) != (n == 3) {
			t.Errorf("request %d: %d, body %v", n, resp.StatusCode, readErr)
		}
		if served := sim.APIs()[0].Served(); served != map[bool]int{true: 7}[n == 4] {
			t.Errorf("after request %d %d records count as served", n, served)
		}
	}
	var out strings.Builder
	if err := sim.WriteLedger(&out, 1); err != nil || strings.Count(out.String(), "\n") != 4 || sim.Requests() != 4 {
		t.Errorf("ledger: %s", out.String())
	}
}

func TestDocumentHoldsEveryMode(t *testing.T) {
	sim, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Name   string
		Config map[string]string
	}
	if err := json.Unmarshal(sim.Document(Connector{Name: "c", BaseURL: "http://h"}), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Name != "c" || doc.Config["apis.num"] != "15" || doc.Config["api15.topics"] != "c-api15" {
		t.Errorf("document %+v", doc)
	}
	if u := sim.APIs()[5].PartitionURL("http://h"); u != "http://h/api6/items?size=7" && u != "http://h${offset}" && u != "http://h/api6/items" {
		t.Errorf("partition url %q", u)
	}
}
