package forward

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"strconv"
	"strings"
	"time"
)

// Header holds a worker's signature, as Connect's X-Connect-Authorization does, and the role it vouches for:
// v1;<Unix milliseconds>;<random>;<role>;<base64 of the HMAC-SHA256>.
const Header = "X-Headwater-Authorization"

const (
	version    = "v1"
	nonceBytes = 16
	maxHeader  = 256
)

// call is what is signed of a request, besides the signature's own fields.
type call struct {
	method string
	to     string // base URL of the worker that is asked
	target string // path and query
	role   string
	body   []byte
}

// signature is the header, taken apart.
type signature struct {
	at    int64 // Unix milliseconds
	nonce [nonceBytes]byte
	role  string
	mac   []byte
}

func newSignature(c call, now time.Time) signature {
	s := signature{at: now.UnixMilli(), role: c.role}
	_, _ = rand.Read(s.nonce[:]) // never fails
	return s
}

// sum is the HMAC over everything that must not change on the way. Each part is preceded by its length, so that none can
// be taken for a part of its neighbour.
func (s signature) sum(key []byte, c call) []byte {
	mac := hmac.New(sha256.New, key)
	body := sha256.Sum256(c.body)
	for _, part := range []string{
		"headwater " + version, strconv.FormatInt(s.at, 10), string(s.nonce[:]), s.role, c.method, c.to, c.target, string(body[:]),
	} {
		writePart(mac, part)
	}
	return mac.Sum(nil)
}

func writePart(mac hash.Hash, part string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	mac.Write(length[:])
	mac.Write([]byte(part))
}

func (s signature) write(key []byte, c call) string {
	return strings.Join([]string{
		version, strconv.FormatInt(s.at, 10), hex.EncodeToString(s.nonce[:]), s.role, base64.StdEncoding.EncodeToString(s.sum(key, c)),
	}, ";")
}

var errForm = errors.New("not a signature")

func parseSignature(text string) (signature, error) {
	parts := strings.Split(text, ";")
	if len(text) > maxHeader || len(parts) != 5 || parts[0] != version {
		return signature{}, errForm
	}
	at, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || strconv.FormatInt(at, 10) != parts[1] {
		return signature{}, errForm
	}
	nonce, err := hex.DecodeString(parts[2])
	if err != nil || len(nonce) != nonceBytes {
		return signature{}, errForm
	}
	mac, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(mac) != sha256.Size {
		return signature{}, errForm
	}
	return signature{at, [nonceBytes]byte(nonce), parts[3], mac}, nil
}
