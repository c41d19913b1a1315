package validate

import (
	"errors"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/connector"
)

var parsed = Connector{Parse: func(config map[string]string) error {
	_, _, err := connector.Parse(config)
	return err
}}

func check(t *testing.T, config map[string]string) map[string]api.Validated {
	t.Helper()
	list, err := parsed.Validate(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]api.Validated{}
	for _, v := range list {
		if _, twice := byName[v.Value.Name]; twice {
			t.Errorf("%s comes twice", v.Value.Name)
		}
		byName[v.Value.Name] = v
	}
	return byName
}

func TestEveryFaultIsShownAtItsProperty(t *testing.T) {
	config := map[string]string{
		"connector.class": "HttpSourceV2", "apis.num": "2", "errors.tolerance": "perhaps", "api2.max.retries": "many", "http.api.base.urk": "x",
	}
	got := check(t, config)
	for _, name := range []string{"name", "http.api.base.url", "errors.tolerance", "api1.topics", "api2.topics", "api2.max.retries"} {
		if v := got[name]; v.Definition == nil || len(v.Value.Errors) == 0 {
			t.Errorf("%s has no fault: %+v", name, v)
		}
	}
	if v := got["errors.tolerance"]; *v.Value.Value != "perhaps" || strings.Join(v.Value.Recommended, " ") != "none all" {
		t.Errorf("errors.tolerance: %+v", v.Value)
	}
	var shown int
	for _, v := range got {
		shown += len(v.Value.Errors)
	}
	if all := len(apart(parsed.Parse(config))); shown != all {
		t.Errorf("%d of %d faults are shown", shown, all)
	}
}

func TestDefaultsAndDefinitions(t *testing.T) {
	got := check(t, map[string]string{"connector.class": "HttpSourceV2", "topics": "getPlugins"})
	if v := got["apis.num"]; v.Value.Value == nil || *v.Value.Value != "1" || v.Definition.Type != "INT" {
		t.Errorf("apis.num: %+v %+v", v.Value, v.Definition)
	}
	if _, ok := got["api2.topics"]; ok {
		t.Error("there is one API by default")
	}
	for _, d := range (Connector{}).Definitions("") {
		if d.Name == "" || d.Group == "" || d.OrderInGroup == 0 || d.Documentation == "" || strings.ContainsAny(d.Name, "<*") {
			t.Errorf("incomplete: %+v", d)
		}
		if v := got[d.Name]; v.Definition == nil || v.Definition.Name != d.Name {
			t.Errorf("%s is defined and not validated", d.Name)
		}
	}
}

func TestAFaultOfAnUnknownPropertyIsShownWithoutDefinition(t *testing.T) {
	c := Connector{Parse: func(map[string]string) error {
		return errors.Join(&connector.Fault{Property: "odd", Problem: "is odd"}, errors.Join(&connector.Fault{Property: "odd", Problem: "twice"}))
	}}
	list, err := c.Validate(t.Context(), map[string]string{"odd": "1"})
	if err != nil {
		t.Fatal(err)
	}
	last := list[len(list)-1]
	if last.Definition != nil || last.Value.Name != "odd" || *last.Value.Value != "1" || len(last.Value.Errors) != 2 {
		t.Errorf("got %+v", last)
	}
}

func TestWhatIsNoFaultIsAnError(t *testing.T) {
	away := errors.New("provider away")
	_, err := Connector{Parse: func(map[string]string) error { return away }}.Validate(t.Context(), nil)
	if !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
