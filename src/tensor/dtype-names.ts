// dtypes as constants: `zeros(2, { dtype: float64 })`. They are the same strings.

export const float32 = "float32";
export const float64 = "float64";
export const int32 = "int32";
export const int64 = "int64";
export const bool = "bool";
