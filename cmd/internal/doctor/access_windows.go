package doctor

import "os"

// others: Windows keeps a user's folders from other users by lists that a mode does not show.
func others(os.FileInfo) os.FileMode { return 0 }
