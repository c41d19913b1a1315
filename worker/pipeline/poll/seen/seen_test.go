package seen

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

func hashOf(t testing.TB, raw string) uint64 {
	t.Helper()
	h, err := new(Hasher).Hash([]byte(raw))
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return h
}

// Hashes are stored: what one release writes the next must know. These values must never change.
func TestHashIsStable(t *testing.T) {
	for raw, want := range map[string]string{
		`null`: "3ec9e10063179f3a", `true`: "d7c9b97948142e4a", `0`: "633457081244afec", `1.50`: "6cdc5291475a1aca",
		`""`: "89f45523b5b446ae", `"héllo\n"`: "e9ae2e0ae1cbc97c", `[]`: "0ff2e69699c4857e", `{}`: "9ca066f1a4ab2eea",
		`{"id":17,"tags":["a",["b",null]],"at":{"t":"2024-01-01T00:00:00Z"}}`: "39d2e9104803f68d",
	} {
		if got := fmt.Sprintf("%016x", hashOf(t, raw)); got != want {
			t.Errorf("%s hashes to %s, want %s", raw, got, want)
		}
	}
}

func TestHashIsCanonical(t *testing.T) {
	same := [][2]string{
		{`{"a":1,"b":[2,{"c":null}]}`, " {\"b\" : [ 2 ,{ \"c\":null}],\n\t\"a\":1} "},
		{`"\u0041\/\ud83d\ude00"`, "\"A/\U0001F600\""},
		{`{"\u0061":"x"}`, `{"a":"\u0078"}`},
	}
	for _, s := range same {
		if hashOf(t, s[0]) != hashOf(t, s[1]) {
			t.Errorf("%s and %s differ", s[0], s[1])
		}
	}
	differ := []string{
		`1`, `1.0`, `1e0`, `"1"`, `[1]`, `[[1]]`, `{"1":1}`, `{"a":1}`, `{"a":"1"}`, `{"a":[1]}`, `{"a":{"a":1}}`, `[]`, `{}`, `[{}]`, `[[]]`,
		`""`, `null`, `"null"`, `[1,2]`, `[2,1]`, `{"a":1,"b":2}`, `{"a":2,"b":1}`, `{"a":1,"a":1}`, `{"a":"b"}`, `{"b":"a"}`, `["a","b"]`,
		`[null]`, `[null,null]`, `{"a":null}`, `{"a":{}}`, `{"a":[]}`, `["{"]`, `["["]`, `"{"`, `"["`,
		`{"a":"a"}`, `{"b":"b"}`, `{"a":"a","b":"b"}`,
	}
	known := map[uint64]string{}
	for _, raw := range differ {
		h := hashOf(t, raw)
		if known[h] != "" {
			t.Errorf("%s and %s are equal", raw, known[h])
		}
		known[h] = raw
	}
}

func TestHashRefusesWhatIsNotOneValue(t *testing.T) {
	for _, raw := range []string{"", "1 2", "{", `{"a"}`, `{"a":}`, `{1:1}`, `{"a" 1}`, "[1,]", "[1 2]", "]", "[1", `"a`, `"a\"`, `"a\`, strings.Repeat("[", 20000)} {
		if _, err := new(Hasher).Hash([]byte(raw)); err == nil {
			t.Errorf("%.20s was hashed", raw)
		}
	}
}

func TestHashAllocatesNothing(t *testing.T) {
	var h Hasher
	raw := []byte(`{"id":17,"name":"plain","esc":"a\nb","tags":[1,2,{"x":true}]}`)
	if n := testing.AllocsPerRun(100, func() { _, _ = h.Hash(raw) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func recordAll(hashes []uint64) Memory {
	var r Recorder
	for _, h := range hashes {
		r.Add(h)
	}
	return r.Memory()
}

func upTo(n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = mix(uint64(i + 1))
	}
	return out
}

// through returns how many of a page's records are not seen, and whether the memory was of another page.
func through(m Memory, page []uint64) (fresh int, lost bool) {
	match := m.Match()
	for _, h := range page {
		if !match.Seen(h) {
			fresh++
		}
	}
	return fresh, match.Lost()
}

func TestMultiset(t *testing.T) {
	m := recordAll([]uint64{1, 2, 2})
	for _, tt := range []struct {
		page  []uint64
		fresh int
	}{
		{[]uint64{1, 2, 2}, 0},
		{[]uint64{2, 1}, 0},
		{[]uint64{2, 2, 2, 1}, 1},
		{[]uint64{3, 1}, 1},
		{nil, 0},
	} {
		if fresh, lost := through(m, tt.page); fresh != tt.fresh || lost {
			t.Errorf("%v: %d fresh, lost %v", tt.page, fresh, lost)
		}
	}
}

func TestDigestBeyondTheLimit(t *testing.T) {
	page := upTo(Limit + 3)
	m := recordAll(page[:Limit+1])
	if n := len(m.Encode()); n > 40 || m.Len() != Limit+1 {
		t.Fatalf("%d records in %d letters", m.Len(), n)
	}
	if fresh, lost := through(m, page); fresh != 2 || lost {
		t.Errorf("a page that goes on: %d fresh, lost %v", fresh, lost)
	}
	if _, lost := through(m, page[:Limit]); !lost {
		t.Error("a shorter page passed")
	}
	page[0], page[1] = page[1], page[0]
	if _, lost := through(m, page); !lost {
		t.Error("another order passed")
	}
}

func TestLimitIsKeptOneByOne(t *testing.T) {
	m := recordAll(upTo(Limit))
	if fresh, lost := through(m, upTo(Limit)[5:]); fresh != 0 || lost {
		t.Errorf("%d fresh, lost %v", fresh, lost)
	}
	if _, ok := m.Plus(recordAll([]uint64{1})); ok {
		t.Error("more than the limit was taken")
	}
}

func TestParts(t *testing.T) {
	m := recordAll([]uint64{1, 2, 3, 2})
	if got := m.Without([]uint64{2, 9}); !got.Equal(recordAll([]uint64{1, 3, 2})) {
		t.Errorf("Without: %v", got)
	}
	if !m.Upto(2).Equal(recordAll([]uint64{1, 2})) || !m.From(2).Equal(recordAll([]uint64{3, 2})) || m.Upto(9).Len()+m.From(9).Len() != 4 {
		t.Error("Upto or From")
	}
	latest, over := recordAll(upTo(Limit)).Latest([]uint64{7, 8})
	if over != 2 || latest.Len() != Limit {
		t.Errorf("Latest keeps %d, %d over", latest.Len(), over)
	}
	if !m.Equal(recordAll([]uint64{1, 2, 3, 2})) {
		t.Error("m was changed")
	}
}

func TestEncodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 3, Limit, Limit + 1}).Draw(t, "n")
		m := recordAll(upTo(n))
		back, err := Decode(m.Encode())
		if err != nil || !back.Equal(m) || (n == 0) != (m.Encode() == "") {
			t.Fatalf("%d records: %v", n, err)
		}
	})
}

func TestEncodingIsStable(t *testing.T) {
	if got, want := recordAll([]uint64{1, 0xfffe}).Encode(), "AwAAAAAAAAABAAAAAAAA//4="; got != want {
		t.Errorf("multiset %s, want %s", got, want)
	}
	if got, want := recordAll(make([]uint64, Limit+1)).Encode(), "BAAAAAAAABABPose58lQqTI="; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, s := range []string{"!", "AA==", "Aw==", "AQ==", "AQAAAAAAAAABAAAAAAAA//4=", "AwAA", "BAAAAAAAAAAAAAAAAAAAAAA=", "BP//////////AAAAAAAAAAA=", strings.Repeat("AwAA", 20000)} {
		if m, err := Decode(s); err == nil {
			t.Errorf("%.20s was taken for %d records", s, m.Len())
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("AwAAAAAAAAABAAAAAAAA//4=")
	f.Add("BAAAAAAAABABzagTLE7rXEM=")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := Decode(s)
		if err != nil {
			return
		}
		if back, err := Decode(m.Encode()); err != nil || !back.Equal(m) {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

func FuzzHash(f *testing.F) {
	f.Add([]byte(`{"a":[1,"\ud83d"]}`))
	f.Add([]byte(" [1.0e+5 , {\"a\\u0062\":\tnull}]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := new(Hasher).Hash(raw)
		plain := jsontext.Value(bytes.Clone(raw))
		loose := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
		if plain.Compact(loose...) != nil {
			return // no JSON: whatever came of it, it came to an end
		}
		if compact, cerr := new(Hasher).Hash(plain); err != nil || cerr != nil || compact != h {
			t.Fatalf("%q hashes to %x, %v; %q to %x, %v", raw, h, err, plain, compact, cerr)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	var h Hasher
	raw := []byte(`{"id":100000017,"state":"open","locked":false,"title":"Consumer stalls when a partition is reassigned",` +
		`"user":{"login":"user00017","id":1017,"type":"User","admin":false},"labels":["bug","priority/2"],"milestone":null,` +
		`"score":17.0017,"created_at":"2026-03-02T11:12:13Z","updated_at":"2026-04-02T11:12:13Z","body":"` + strings.Repeat("text ", 120) + `"}`)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(raw); err != nil {
			b.Fatal(err)
		}
	}
}
