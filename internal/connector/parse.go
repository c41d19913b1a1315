package connector

import (
	"fmt"
	"time"

	"github.com/headwater/headwater/internal/connector/catalogue"
	"github.com/headwater/headwater/internal/connector/property"
)

const (
	maxAPIs = 15
	// maxWindow keeps every point of time that windows lead to within what time.Time and APIs can say.
	maxWindowDays    = 36500
	maxWindowSeconds = maxWindowDays * 24 * 3600
	shortInterval    = 100 * time.Millisecond
)

// Parse checks a connector's properties and turns them into a Config. All faults come at once: the error is made by
// errors.Join of *Fault, in the order of the tables. Warnings are returned in either case.
func Parse(properties map[string]string) (Config, []Warning, error) {
	return ParseResolved(properties, properties)
}

// ParseResolved is Parse for properties whose provider references have been resolved. Faults and warnings show written, so
// that what came out of a provider is never seen, wherever it was put.
func ParseResolved(written, resolved map[string]string) (Config, []Warning, error) {
	r := property.NewReader(resolved, written)
	d := draft{}
	property.Apply(r, "", globals, &d)
	checkErrorTopic(r, &d)
	checkAuth(r, &d)
	if r.Faulty("apis.num") {
		d.apisNum = countAPIs(resolved)
	}
	checkChains(r, &d)
	for n := 1; n <= d.apisNum; n++ {
		d.APIs = append(d.APIs, readAPI(r, n, &d))
	}
	known().ClaimRest(r, d.apisNum, maxAPIs)
	warnings, err := r.Finish()
	if err != nil {
		return Config{}, warnings, err
	}
	return d.Config, warnings, nil
}

// countAPIs makes up for a wrong apis.num: the blocks that are there are looked at all the same.
func countAPIs(properties map[string]string) int {
	highest := 1
	for name := range properties {
		if n, _, ok := catalogue.APIName(name); ok {
			highest = max(highest, n)
		}
	}
	return min(highest, maxAPIs)
}

func readAPI(r *property.Reader, n int, d *draft) API {
	a := apiDraft{API: API{N: n, Child: len(d.Parents(n)) > 0}}
	prefix := fmt.Sprintf("api%d.", n)
	property.Apply(r, prefix, apiTable, &a)
	c := &check{r: r, prefix: prefix, api: &a}
	c.lists(d.Auth.Type)
	c.method()
	c.chaining()
	c.mode()
	c.pace()
	return a.API
}

// check looks at one API's properties together.
type check struct {
	r      *property.Reader
	prefix string
	api    *apiDraft
}

func (c *check) reject(name string, p property.Problem) { c.r.Reject(c.prefix+name, p) }

func (c *check) warn(name, text, hint string) {
	c.r.Warn(c.prefix+name, property.Problem{Text: text, Hint: hint})
}

func (c *check) given(name string) bool { return c.r.Given(c.prefix + name) }

// method drops what the method does not carry.
func (c *check) method() {
	switch {
	case c.api.Method == "POST" && c.given("http.request.parameters"):
		c.warn("http.request.parameters", "is not used: the method is POST", "put the query into http.api.path")
		c.api.parameters, c.api.Parameters = "", nil
	case c.api.Method == "GET" && c.given("http.request.body"):
		c.warn("http.request.body", "is not used: the method is GET", "set "+c.prefix+"http.request.method=POST to send it")
		c.api.Body = ""
	}
}

func (c *check) pace() {
	if c.api.Interval < shortInterval && !c.r.Faulty(c.prefix+"request.interval.ms") {
		c.warn("request.interval.ms", "is below 100 and is taken all the same", "make sure that the API may be asked so often")
	}
}
