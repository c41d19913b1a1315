package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector"
)

// Request is the template of an API's requests: address, headers and body.
type Request struct {
	Method string
	// URL is where it goes unless an API names another address.
	URL     URL
	headers []header
	body    Body
	fields  []string // names of a work item's values
	filled  []part   // where they stand
}

type header struct {
	name   string
	value  Header
	secret bool
}

// Field is a header with its values put in. A secret one is masked wherever it is shown.
type Field struct {
	Name, Value string
	Secret      bool
}

// CompileRequest splits api's templates. Parameters belong to GET and bodies to POST; either ignores the other's. An error
// names the property, without its apiN prefix.
func CompileRequest(base string, api connector.API) (Request, error) {
	r, err := compile(base, api)
	r.filled = r.fieldParts()
	return r, err
}

func compile(base string, api connector.API) (Request, error) {
	r := Request{Method: api.Method, fields: fields(api)}
	if r.Method == "" {
		r.Method = "GET"
	}
	if r.Method != "GET" {
		api.Parameters = nil
	}
	api = spelledOut(api)
	var err error
	if r.URL, err = CompileURL(base, api); err != nil {
		return r, err
	}
	contentType, err := r.compileHeaders(api)
	if err != nil || r.Method == "GET" || api.Body == "" {
		return r, err
	}
	if contentType == "" && looksLikeJSON(api.Body) {
		contentType = "application/json"
		if err := r.header("http.request.headers", "Content-Type", contentType, false); err != nil {
			return r, err
		}
	}
	r.body, err = CompileBody(api.Body, contentType, r.fields...)
	return r, err
}

// compileHeaders splits the headers, of which a sensitive one wins over a plain one of its name, and returns the
// content type.
func (r *Request) compileHeaders(api connector.API) (contentType string, err error) {
	for _, h := range api.SensitiveHeaders {
		if err := r.header("http.request.sensitive.headers", h.Name, h.Value.Reveal(), true); err != nil {
			return "", err
		}
		if strings.EqualFold(h.Name, "Content-Type") {
			contentType = h.Value.Reveal()
		}
	}
	secrets := len(r.headers)
	for _, h := range api.Headers {
		if named := r.named(h.Name); named >= 0 && named < secrets {
			continue
		}
		if err := r.header("http.request.headers", h.Name, h.Value, false); err != nil {
			return "", err
		}
		if strings.EqualFold(h.Name, "Content-Type") {
			contentType = h.Value
		}
	}
	return contentType, nil
}

func (r *Request) header(property, name, value string, secret bool) error {
	t, err := CompileHeader(property, name, value, r.fields...)
	r.headers = append(r.headers, header{name, t, secret})
	return err
}

// named is the index of the first header with a name; -1: none.
func (r *Request) named(name string) int {
	for i, h := range r.headers {
		if strings.EqualFold(h.name, name) {
			return i
		}
	}
	return -1
}

// Uses reports whether any template holds the placeholder name.
func (r Request) Uses(name string) bool {
	for _, h := range r.headers {
		if h.value.Uses(name) {
			return true
		}
	}
	return r.URL.Uses(name) || r.body.Uses(name)
}

func (r Request) fieldParts() []part {
	templates := []Template{r.URL.path, r.body.text}
	for _, p := range r.URL.params {
		templates = append(templates, p.value)
	}
	for _, h := range r.headers {
		templates = append(templates, h.value.value)
	}
	var filled []part
	for _, t := range templates {
		for _, p := range t.parts {
			if p.field {
				filled = append(filled, p)
			}
		}
	}
	return filled
}

// Fits returns a *FieldError for a value of a work item that is missing or has no place in the templates. What fits makes a
// request whatever the offset is.
func (r Request) Fits(values map[string]string) error {
	for _, p := range r.filled {
		if _, err := (Values{Fields: values}).fill(p); err != nil {
			return err
		}
	}
	return nil
}

// Render puts values into headers and body.
func (r Request) Render(v Values) (fields []Field, body []byte, err error) {
	for _, h := range r.headers {
		value, err := h.value.Render(v)
		if err != nil {
			return nil, nil, fmt.Errorf("header %s: %w", h.name, err)
		}
		fields = append(fields, Field{h.name, value, h.secret})
	}
	body, err = r.body.Render(v)
	return fields, body, err
}

// spelledOut puts path parameters in the place of ${name} outside the path too. Their text is the configuration's own.
func spelledOut(api connector.API) connector.API {
	var old []string
	for _, p := range api.PathParameters {
		old = append(old, "${"+p.Name+"}", p.Value)
	}
	replace := strings.NewReplacer(old...).Replace
	parameters, headers := slices.Clone(api.Parameters), slices.Clone(api.Headers)
	for i := range parameters {
		parameters[i].Value = replace(parameters[i].Value)
	}
	for i := range headers {
		headers[i].Value = replace(headers[i].Value)
	}
	secrets := slices.Clone(api.SensitiveHeaders)
	for i, h := range secrets {
		secrets[i].Value = connector.NewSecret(replace(h.Value.Reveal()))
	}
	api.Parameters, api.Headers, api.SensitiveHeaders, api.Body = parameters, headers, secrets, replace(api.Body)
	return api
}
