package settings

import (
	"time"

	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

func text(name, group, byDefault, doc string, to func(*draft) *string) field {
	return field{Row: row{Name: name, Default: byDefault, Group: group, Doc: doc}, Set: property.Text(to)}
}

func millis(name, group, byDefault string, from, most int64, doc string, to func(*draft) *time.Duration, aliases ...string) field {
	return field{Row: row{
		Name: name, Aliases: aliases, Type: property.Int, Default: byDefault, Min: from, Max: most, Importance: property.Medium,
		Group: group, Doc: doc,
	}, Set: property.Millis(to)}
}

func flag(name, group, byDefault, doc string, to func(*draft) *bool) field {
	return field{
		Row: row{Name: name, Type: property.Boolean, Default: byDefault, Importance: property.Medium, Group: group, Doc: doc},
		Set: property.Flag(to),
	}
}

func topic(name, byDefault, doc string, to func(*draft) *Topic) field {
	return field{
		Row: row{Name: name, Default: byDefault, Group: groupTopics, Valid: form.ValidTopic, Doc: doc},
		Set: func(d *draft, v property.Value) error {
			if err := form.Topic(v.Text); err != nil {
				return err
			}
			to(d).Name = v.Text
			return nil
		},
	}
}

const orBrokers = "a whole number from 1, or -1 for the brokers' default"

func partitions(name, byDefault string, to func(*draft) *Topic) field {
	return field{
		Row: row{
			Name: name, Type: property.Int, Default: byDefault, Min: -1, Max: 10000, Importance: property.Low, Group: groupTopics,
			Valid: orBrokers, Doc: "Partitions of that topic, when it is created.",
		},
		Set: orDefault(func(d *draft, n int64) { to(d).Partitions = int32(n) }),
	}
}

func replication(name string, to func(*draft) *Topic) field {
	return field{
		Row: row{
			Name: name, Type: property.Int, Default: "3", Min: -1, Max: 1000, Importance: property.Low, Group: groupTopics,
			Valid: orBrokers, Doc: "Replicas of that topic, when it is created.",
		},
		Set: orDefault(func(d *draft, n int64) { to(d).Replication = int16(n) }),
	}
}

// orDefault stores a number that may be -1 and must not be 0.
func orDefault(store func(*draft, int64)) func(*draft, property.Value) error {
	return func(d *draft, v property.Value) error {
		if v.Int == 0 {
			return property.Problem{Text: "is out of range", Hint: "write " + orBrokers}
		}
		store(d, v.Int)
		return nil
	}
}
