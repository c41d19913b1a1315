package connector

import "github.com/headwater/headwater/internal/connector/catalogue"

// Mask returns a copy of properties that may be shown: secrets are ***, save those that are nothing but a provider
// reference, which stands as it was written. A property that is not known is a secret when its name looks like one.
func Mask(properties map[string]string) map[string]string { return known().Mask(properties) }

func known() catalogue.Catalogue {
	return catalogue.Catalogue{Global: Properties(), API: APIProperties()}
}
