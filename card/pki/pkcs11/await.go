package pkcs11

import "time"

// limit is the end of a wait: what a context is too, for less time.
type limit struct {
	end   time.Time
	timer *time.Timer
}

func within(patience time.Duration) limit {
	return limit{time.Now().Add(patience), time.NewTimer(patience)}
}

func (l limit) passed() bool { return !time.Now().Before(l.end) }

func (l limit) stop() { l.timer.Stop() }

// await runs f, which may block in the module for as long as it likes, and stops waiting for it when the limit passes.
// What f gives after that goes to late.
func await[T any](l limit, f func() (T, error), late func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-l.timer.C:
	}
	go func() {
		if r := <-done; r.err == nil && late != nil {
			late(r.value)
		}
	}()
	var none T
	return none, ErrTimeout
}

// turns lets so many in at once and bounds the wait for it, which a mutex does not.
type turns chan struct{}

func (t turns) take() { t <- struct{}{} }

func (t turns) takeWithin(l limit) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-l.timer.C:
		return ErrTimeout
	}
}

func (t turns) leave() { <-t }
