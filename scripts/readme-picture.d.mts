// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Types of readme-picture.mjs, for its test.

export interface PictureLayer {
  readonly rank: number;
  readonly folder: string;
  readonly title: string;
}

export declare function layersPicture(layers: readonly PictureLayer[]): string;
export declare function withPicture(readme: string, picture: string): string | null;
