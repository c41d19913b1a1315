package access

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

const (
	scheme = "pbkdf2-sha256"
	rounds = 600_000
	// A file with absurd rounds would let one login stop the worker.
	minRounds, maxRounds = 10_000, 5_000_000
	saltBytes, keyBytes  = 16, sha256.Size
	maxPassword          = 1024
)

// hash is what is kept of a password, or of a token when it has no rounds.
type hash struct {
	rounds int
	salt   string
	key    [keyBytes]byte
}

// Hash makes what stands for a password in a user's entry: pbkdf2-sha256$rounds$salt$key. It takes a part of a second. An
// empty password and one of more than 1,024 bytes are refused.
func Hash(password string) (string, error) { return hashOf(password, rounds) }

func hashOf(password string, rounds int) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", errors.New("a password has 1 to 1024 bytes")
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	h := hash{rounds: rounds, salt: string(salt)}
	key, err := h.derive(password)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	return strings.Join([]string{scheme, strconv.Itoa(rounds), encode(salt), encode(key)}, "$"), nil
}

// HashToken makes what stands for a bearer token in its entry: its SHA-256 in hexadecimal digits. A token must be random,
// as from openssl rand -hex 32: nothing slows guessing down.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (h hash) derive(password string) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, []byte(h.salt), h.rounds, keyBytes)
}

// is reports whether a password is the one. It takes as long for any.
func (h hash) is(password string) bool {
	key, err := h.derive(password)
	return err == nil && subtle.ConstantTimeCompare(key, h.key[:]) == 1
}

func parsePassword(text string) (hash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 4 || parts[0] != scheme {
		return hash{}, errors.New("the hash is not of the form " + scheme + "$rounds$salt$key")
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < minRounds || n > maxRounds {
		return hash{}, errors.New("the hash has less than 10000 or more than 5000000 rounds")
	}
	salt, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return hash{}, errors.New("the hash's salt is not 8 to 64 bytes in base64")
	}
	key, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil || len(key) != keyBytes {
		return hash{}, errors.New("the hash's key is not 32 bytes in base64")
	}
	return hash{n, string(salt), [keyBytes]byte(key)}, nil
}

func parseDigest(text string) (hash, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != keyBytes {
		return hash{}, errors.New("the hash is not a SHA-256 in 64 hexadecimal digits")
	}
	return hash{key: [keyBytes]byte(key)}, nil
}
