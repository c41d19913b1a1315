package connector

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

// checked stores a value of which test has nothing to say.
func checked[T any](test func(string) error, field func(*T) *string) func(*T, property.Value) error {
	return func(t *T, v property.Value) error {
		if err := test(v.Text); err != nil {
			return err
		}
		*field(t) = v.Text
		return nil
	}
}

func setWhitelist(d *draft, v property.Value) (err error) {
	d.Whitelist, err = form.Hosts(v.Text)
	return err
}

// checkErrorTopic puts the name in and sees what comes out.
func checkErrorTopic(r *property.Reader, d *draft) {
	d.ErrorTopic = strings.ReplaceAll(d.ErrorTopic, "${connector}", d.Name)
	if r.Faulty("name") {
		return
	}
	if p, bad := errors.AsType[property.Problem](form.Topic(d.ErrorTopic)); bad {
		r.Reject("reporter.error.topic.name", p)
	}
}

// checkAuth makes sure that the chosen way of authentication has what it needs, and says what is set in vain.
func checkAuth(r *property.Reader, d *draft) {
	if r.Faulty("auth.type") {
		return
	}
	chosen := "auth.type=" + d.Auth.Type.String()
	for _, f := range globals {
		if strings.HasPrefix(f.Needs, "auth.type=") && f.Needs != chosen && r.Changed(f.Name) {
			r.Warn(f.Name, property.Problem{Text: "is not used: " + chosen, Hint: "set " + f.Needs + " to use it"})
		}
	}
	switch d.Auth.Type {
	case AuthBasic:
		checkBasic(r, d)
	case AuthBearer:
		needs(r, "bearer.token", chosen)
	}
	checkHeaderSecret(r, "connection.password", d.Auth.Password)
	checkHeaderSecret(r, "bearer.token", d.Auth.Token)
}

// checkHeaderSecret refuses what would break out of a header.
func checkHeaderSecret(r *property.Reader, name string, s Secret) {
	if form.HasControl(s.Reveal()) {
		r.Reject(name, property.Problem{Text: "holds a line break or control character", Hint: "remove it; one at the end does not matter"})
	}
}

func checkBasic(r *property.Reader, d *draft) {
	needs(r, "connection.user", "auth.type=BASIC")
	resolved := !property.Reference(d.Auth.User)
	if resolved && strings.Contains(d.Auth.User, ":") || form.HasControl(d.Auth.User) {
		r.Reject("connection.user", property.Problem{
			Text: "holds a colon or control character, which basic authentication cannot carry", Hint: "put the password into connection.password",
		})
	}
	if !r.Given("connection.password") {
		r.Warn("connection.password", property.Problem{Text: "is absent: the password is empty", Hint: "set connection.password"})
	}
}

func needs(r *property.Reader, name, because string) {
	if !r.Given(name) && !r.Faulty(name) {
		r.Reject(name, property.Problem{Text: "is required with " + because, Hint: fmt.Sprintf("set %s", name)})
	}
}
