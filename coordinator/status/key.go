package status

import (
	"errors"
	"strconv"
	"strings"
)

const (
	prefixConnector = "status-connector-"
	prefixTask      = "status-task-"
	prefixTopic     = "status-topic-"
	behindTopic     = ":connector-"
)

// Kind says what a record of the topic is about.
type Kind uint8

// The kinds of records.
const (
	OfConnector Kind = iota
	OfTask
	OfTopic // that a connector uses a topic
)

// Key is what a record's key says.
type Key struct {
	Kind      Kind
	Connector string
	Task      int    // OfTask
	Topic     string // OfTopic
}

// String returns the key as it is in the topic.
func (k Key) String() string {
	switch k.Kind {
	case OfTask:
		return prefixTask + k.Connector + "-" + strconv.Itoa(k.Task)
	case OfTopic:
		return prefixTopic + k.Topic + behindTopic + k.Connector
	}
	return prefixConnector + k.Connector
}

// ParseKey reads a record's key; the error says what is wrong with it. What Connect passes over, it refuses.
func ParseKey(key []byte) (Key, error) {
	text := string(key)
	if name, ok := strings.CutPrefix(text, prefixConnector); ok {
		return Key{Kind: OfConnector, Connector: name}, nil
	}
	if rest, ok := strings.CutPrefix(text, prefixTask); ok {
		cut := strings.LastIndexByte(rest, '-')
		id, err := strconv.Atoi(rest[cut+1:])
		if cut < 0 || err != nil || id < 0 {
			return Key{}, errors.New("the key does not end in a task id")
		}
		return Key{Kind: OfTask, Connector: rest[:cut], Task: id}, nil
	}
	if rest, ok := strings.CutPrefix(text, prefixTopic); ok {
		// A topic's name cannot hold a colon, so the first one ends it.
		topic, connector, ok := strings.Cut(rest, behindTopic)
		if !ok {
			return Key{}, errors.New("the key names no connector")
		}
		return Key{Kind: OfTopic, Connector: connector, Topic: topic}, nil
	}
	return Key{}, errors.New("no such kind of key")
}
