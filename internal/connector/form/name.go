// Package form checks texts that must have a certain form: names, topics, URLs, hosts, lists of headers, placeholders.
// What is wrong is returned as a property.Problem that says what to write instead.
package form

import (
	"regexp"
	"strings"

	"github.com/headwater/headwater/internal/connector/property"
)

// What names look like, in words.
const (
	ValidName  = "at most 64 of the characters a-z A-Z 0-9 . _ -, the first one a letter, digit or _"
	ValidTopic = "at most 249 of the characters a-z A-Z 0-9 . _ -"
)

// nameForm leaves out what Connect would take, blanks above all: the name goes into topic names, where they are not
// allowed, and replacing them would make two names one.
var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,63}$`)

var topicForm = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// Name checks a connector's name.
func Name(text string) error {
	if !nameForm.MatchString(text) {
		return property.Problem{Text: "is not usable as a name", Hint: "write " + ValidName + suggest(text)}
	}
	return nil
}

// suggest proposes a usable name made from one that is not.
func suggest(name string) string {
	usable := strings.Map(func(c rune) rune {
		if strings.ContainsRune(" /:+", c) {
			return '-'
		}
		if c < 0x80 && topicForm.MatchString(string(c)) {
			return c
		}
		return -1
	}, name)
	if usable == name || !nameForm.MatchString(usable) {
		return ""
	}
	return ", as " + usable
}

// Topic checks the name of one Kafka topic.
func Topic(text string) error {
	switch {
	case strings.Contains(text, ","):
		return property.Problem{Text: "names several topics", Hint: "write one topic"}
	case !topicForm.MatchString(text) || text == "." || text == "..":
		return property.Problem{Text: "is not the name of a Kafka topic", Hint: "write " + ValidTopic}
	}
	return nil
}

// HasControl reports whether text holds a line break or another control character but the tab.
func HasControl(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}
