package chaining

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record/extract"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Planner works out the items that one API's records mean. It is compiled once and never changes.
type Planner struct {
	parent   int
	children []child
}

// child is one child API as its parent sees it.
type child struct {
	n, depth     int
	placeholders []lookup
	fields       []lookup
	fits         func(map[string]string) error
}

// lookup finds a value in a parent record. Of several places the first that is there counts.
type lookup struct {
	name   string
	places []extract.Pointer
}

// Fits says why an item's values have no place in the requests of a child API, nil when they have one: see
// poll.Machine.StartItem.
type Fits func(child int, values map[string]string) error

// NewPlanner compiles what the records of API parent mean; nil when it has no children.
func NewPlanner(c connector.Config, parent int, fits Fits) (*Planner, error) {
	p := &Planner{parent: parent}
	for _, n := range c.Children(parent) {
		api := c.APIs[n-1]
		one := child{n: n, depth: c.Depth(n), fits: func(values map[string]string) error { return fits(n, values) }}
		for _, name := range api.Placeholders {
			l, err := newLookup(name, name)
			if err != nil {
				return nil, err
			}
			one.placeholders = append(one.placeholders, l)
		}
		for _, f := range api.ParentFields {
			l, err := newLookup(f.Name, f.Value)
			if err != nil {
				return nil, err
			}
			one.fields = append(one.fields, l)
		}
		p.children = append(p.children, one)
	}
	if len(p.children) == 0 {
		return nil, nil
	}
	return p, nil
}

// newLookup compiles a source: the name of a field at the top or, where there is none of that name, a JSON pointer or a
// dotted path.
func newLookup(name, source string) (lookup, error) {
	l := lookup{name: name, places: []extract.Pointer{extract.Member(source)}}
	if strings.HasPrefix(source, "/") {
		pointer, err := extract.ParsePointer(source)
		if err != nil {
			return l, fmt.Errorf("${%s}: %w", name, err)
		}
		l.places = append(l.places, pointer)
	} else if strings.Contains(source, ".") {
		l.places = append(l.places, extract.Member(strings.Split(source, ".")...))
	}
	return l, nil
}

// find returns the raw value; nil when it is nowhere.
func (l lookup) find(record []byte) ([]byte, error) {
	for _, place := range l.places {
		if value, found, err := place.Lookup(record); err != nil || found {
			return value, err
		}
	}
	return nil, nil
}

// Plan returns what one record announces, one item a child API. Where a child's placeholder has no value, the error says
// which, and the other children's items are returned beside it.
func (p *Planner) Plan(record []byte, now time.Time) (items []*headwaterv1.Announcement, err error) {
	var faults []error
	for _, c := range p.children {
		a, err := c.announce(record)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		a.Parent, a.Emission, a.UnixMs = int32(p.parent), now.UnixMicro(), now.UnixMilli()
		items = append(items, a)
	}
	return items, errors.Join(faults...)
}

func (c child) announce(record []byte) (*headwaterv1.Announcement, error) {
	a := &headwaterv1.Announcement{Child: int32(c.n), Depth: int32(c.depth)}
	values := make(map[string]string, len(c.placeholders))
	for _, l := range c.placeholders {
		text, err := l.scalar(record)
		if err != nil {
			return nil, c.fault(l.name, err)
		}
		values[l.name] = text
		a.Values = append(a.Values, &headwaterv1.Value{Name: l.name, Value: text})
	}
	slices.SortFunc(a.Values, func(a, b *headwaterv1.Value) int { return strings.Compare(a.GetName(), b.GetName()) })
	if err := c.fits(values); err != nil {
		return nil, err
	}
	for _, l := range c.fields {
		raw, err := l.find(record)
		if err != nil {
			return nil, c.fault(l.name, err)
		}
		if raw != nil {
			a.Fields = append(a.Fields, &headwaterv1.Value{Name: l.name, Value: string(raw)})
		}
	}
	return a, nil
}

func (l lookup) scalar(record []byte) (string, error) {
	raw, err := l.find(record)
	if err != nil {
		return "", err
	}
	if raw == nil {
		return "", errors.New("is missing")
	}
	text, found, err := extract.Scalar(raw)
	if err == nil && !found {
		err = errors.New("is null")
	}
	return text, err
}

func (c child) fault(name string, err error) error {
	return &fault.Error{
		Kind: fault.Permanent, Op: fmt.Sprintf("find ${%s} of child api%d in the parent record", name, c.n),
		Err:  fmt.Errorf("the value %w", err),
		Hint: fmt.Sprintf("name a field that every parent record has in the templates of api%d, or set behavior.on.error=IGNORE", c.n),
	}
}
