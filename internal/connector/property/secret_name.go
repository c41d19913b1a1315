package property

import (
	"slices"
	"strings"
	"unicode"
)

// LooksSecret reports whether a property or header that no table knows is likely to hold a secret, going by its name.
func LooksSecret(name string) bool {
	words := words(name)
	return slices.ContainsFunc(words, secretWord) || strings.Contains(strings.Join(words, "."), "user.info")
}

func secretWord(word string) bool {
	switch word {
	case "key", "pwd", "auth", "authorization", "cookie", "jaas":
		return true
	}
	for _, part := range []string{"password", "passphrase", "passwd", "secret", "token", "apikey", "credential"} {
		if strings.Contains(word, part) {
			return true
		}
	}
	return false
}

// words splits a name at everything that is not a letter or digit and before capitals: clientSecret.x is client, secret, x.
func words(name string) []string {
	var spaced strings.Builder
	lower := false
	for _, c := range name {
		if unicode.IsUpper(c) && lower {
			spaced.WriteByte(' ')
		}
		lower = unicode.IsLower(c)
		spaced.WriteRune(unicode.ToLower(c))
	}
	return strings.FieldsFunc(spaced.String(), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}
