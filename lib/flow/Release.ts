/** Lets go of a hold. Calling it again does nothing. */
export type Release = () => void;
