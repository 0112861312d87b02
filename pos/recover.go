package pos

import "time"

// china is the zone in which the platforms count their days.
var china = time.FixedZone("CST", 8*60*60)

// BillReadyAt is when the platforms have made their bills of day: at 10:00 of the next one, in China.
func BillReadyAt(day Day) time.Time {
	begin, err := time.ParseInLocation(time.DateOnly, string(day), china)
	if err != nil {
		return time.Time{}
	}
	return begin.AddDate(0, 0, 1).Add(10 * time.Hour)
}
