package connector

import (
	"github.com/headwater/headwater/internal/connector/choice"
	"github.com/headwater/headwater/internal/connector/property"
)

const groupAuth = "Authentication"

// authTable is how requests identify themselves and how they travel.
var authTable = []global{
	{Row: row{
		Name: "auth.type", Default: "NONE", Choices: choice.AuthTypes, Group: groupAuth,
		Doc: "How requests to the base URL's origin identify themselves.",
	}, Set: property.Pick(func(d *draft) *AuthType { return &d.Auth.Type })},
	{Row: row{
		Name: "connection.user", Importance: property.Medium, Group: groupAuth, Needs: "auth.type=BASIC", Doc: "User of basic authentication.",
	}, Set: property.Text(func(d *draft) *string { return &d.Auth.User })},
	{
		Row: row{
			Name: "connection.password", Type: property.Password, Importance: property.Medium, Group: groupAuth,
			Needs: "auth.type=BASIC", Doc: "Password of basic authentication.",
		},
		Set: hide(func(d *draft) *Secret { return &d.Auth.Password }),
	},
	{
		Row: row{
			Name: "bearer.token", Type: property.Password, Importance: property.Medium, Group: groupAuth,
			Needs: "auth.type=BEARER", Doc: "Token sent as `Authorization: Bearer`.",
		},
		Set: hide(func(d *draft) *Secret { return &d.Auth.Token }),
	},
}

// hide stores a secret.
func hide[T any](field func(*T) *Secret) func(*T, property.Value) error {
	return func(t *T, v property.Value) error { *field(t) = NewSecret(v.Text); return nil }
}
