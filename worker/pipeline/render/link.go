package render

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

func isLink(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "?") || absolute(s)
}

// appendLink puts a link into a path: a whole URL only at its beginning, a slash not twice.
func appendLink(b []byte, value string) ([]byte, error) {
	clean, err := Link(value)
	if err != nil {
		return nil, err
	}
	if absolute(clean) && len(b) > 0 {
		return nil, fmt.Errorf("the link %q must not stand within a path", value)
	}
	if len(b) > 0 && b[len(b)-1] == '/' {
		clean = strings.TrimPrefix(clean, "/")
	}
	return append(b, clean...), nil
}

// Link makes a link that an API gave fit for a request line: blanks and the like are encoded, all else stays to the
// byte, and the fragment goes.
func Link(value string) (string, error) {
	if strings.IndexFunc(value, control) >= 0 {
		return "", fmt.Errorf("the link %q has a control character", value)
	}
	value, _, _ = strings.Cut(value, "#")
	return literal(value, literalLink), nil
}

// Whole reports whether a link has a scheme and a host.
func Whole(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// Follow is Link for a whole URL that an API gave as its next page. Where it leads is for the one to judge who knows the
// whitelist.
func Follow(link string) (string, error) {
	if u, err := url.Parse(link); err != nil {
		return "", fmt.Errorf("the next page's link: %w", err)
	} else if u.User != nil {
		return "", errors.New("the next page's link holds a user name, which is not followed")
	}
	return Link(link)
}

// Resolve is Follow for a link without scheme and host: a path counts from the origin of base, a query from its path.
func Resolve(base, link string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	target, err := u.Parse(link)
	if err != nil {
		return "", fmt.Errorf("the next page's link: %w", err)
	}
	return Follow(target.String())
}
