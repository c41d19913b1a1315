package poll

import (
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record/extract"
	"github.com/headwater/headwater/worker/pipeline/render"
)

// ask makes an API's requests.
type ask struct {
	template render.Request
	want     Want
}

func newAsk(base string, api connector.API) (*ask, error) {
	t, err := render.CompileRequest(base, api)
	return &ask{t, Want{Data: api.Data}}, err
}

func (a *ask) uses(placeholder string) bool { return a.template.Uses(placeholder) }

// wants adds a root value to what the splitter keeps.
func (a *ask) wants(p *extract.Pointer) {
	if p != nil {
		a.want.Root = append(a.want.Root, *p)
	}
}

// request puts values into the templates.
func (a *ask) request(v render.Values, extra ...connector.Pair) (Request, error) {
	url, err := a.template.URL.Render(v, extra...)
	if err != nil {
		return Request{}, err
	}
	return a.at(url, v)
}

// at is the request for a URL that is complete.
func (a *ask) at(url string, v render.Values) (Request, error) {
	fields, body, err := a.template.Render(v)
	r := Request{Method: a.template.Method, URL: url, Body: body, Want: a.want}
	for _, f := range fields {
		r.Header = append(r.Header, Header(f))
	}
	return r, err
}
